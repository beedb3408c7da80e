// The photograph on a canvas: tiles at the right level, panned and zoomed; and what is painted, over it.
import * as api from "./api.js";

const KEPT = 240; // tiles in memory
const MARK = "rgba(230, 40, 60, .55)";

export class View {
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    this.photo = null;
    this.scale = 1; // CSS pixels per pixel of the photograph
    this.x = this.y = 0; // the photograph's corner, in CSS pixels
    this.tiles = new Map();
    this.versions = new Map(); // tile -> version from which on its picture holds
    this.comparing = false;
    this.split = 0; // 0..1, share of the window that shows the original
    this.strokes = [];
    this.sources = []; // where texture may come from
    this.pieces = new Map(); // id -> { box, image }
    this.draft = null; // what is being drawn
    this.ghost = null; // the object to be placed: { box, image, from }
    this.pointer = null;
    new ResizeObserver(() => this.resize()).observe(canvas);
    this.resize();
  }

  resize() {
    const ratio = devicePixelRatio || 1;
    const { width, height } = this.canvas.getBoundingClientRect();
    this.canvas.width = Math.max(1, Math.round(width * ratio));
    this.canvas.height = Math.max(1, Math.round(height * ratio));
    this.width = width;
    this.height = height;
    this.draw();
  }

  show(photo) {
    this.photo = photo;
    this.tiles.clear();
    this.versions.clear();
    this.pieces.clear();
    this.strokes = [];
    this.sources = [];
    this.draft = this.ghost = null;
    this.fit();
  }

  // Pictures of this box (x, y, width, height) are old from this version on.
  changed(box, version) {
    const before = this.photo.version;
    this.photo.version = version;
    for (let level = 0; level < this.photo.levels; level++) {
      const side = this.photo.tile * 2 ** level;
      for (let row = Math.floor(box[1] / side); row * side < box[1] + box[3]; row++)
        for (let column = Math.floor(box[0] / side); column * side < box[0] + box[2]; column++)
          this.versions.set(`${level}/${column}/${row}`, version);
    }
    if (before !== version) this.draw();
  }

  fit() {
    if (!this.photo) return;
    this.scale = Math.min(this.width / this.photo.width, this.height / this.photo.height, 8) || 1;
    this.x = (this.width - this.photo.width * this.scale) / 2;
    this.y = (this.height - this.photo.height * this.scale) / 2;
    this.draw();
  }

  zoom(factor, x = this.width / 2, y = this.height / 2) {
    const smallest = Math.min(.05, this.width / 4 / (this.photo?.width ?? 1));
    const scale = Math.min(16, Math.max(smallest, this.scale * factor));
    this.x = x - (x - this.x) * scale / this.scale;
    this.y = y - (y - this.y) * scale / this.scale;
    this.scale = scale;
    this.draw();
  }

  full() { this.zoom(1 / (devicePixelRatio || 1) / this.scale); }
  pan(dx, dy) { this.x += dx; this.y += dy; this.draw(); }
  toPhoto(x, y) { return [(x - this.x) / this.scale, (y - this.y) / this.scale]; }

  draw() {
    if (this.drawing) return;
    this.drawing = requestAnimationFrame(() => { this.drawing = 0; this.paint(); });
  }

  paint() {
    const { context, photo } = this;
    const ratio = devicePixelRatio || 1;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    if (!photo) return;
    context.setTransform(this.scale * ratio, 0, 0, this.scale * ratio, this.x * ratio, this.y * ratio);
    context.imageSmoothingEnabled = this.scale * ratio < 3;
    this.paintTiles(this.comparing);
    if (this.split > 0 && !this.comparing) {
      context.save();
      const edge = (this.width * this.split - this.x) / this.scale;
      context.beginPath();
      context.rect(-1e6, -1e6, 1e6 + edge, 3e6);
      context.clip();
      this.paintTiles(true);
      context.restore();
      context.fillStyle = "#fff";
      context.fillRect(edge, -1e6, 1.5 / this.scale, 3e6);
    }
    if (!this.comparing) {
      const draft = this.draft && this.draft.kind !== "frame" ? [this.draft] : [];
      this.paintMask([...this.sources, ...draft.filter((stroke) => stroke.source)], "#1fae5b");
      this.paintMask([...this.strokes, ...draft.filter((stroke) => !stroke.source)], "#e6283c");
      this.paintDraft();
    }
    this.paintPointer();
  }

  paintTiles(original) {
    const { photo, context } = this;
    const wanted = Math.log2(1 / (this.scale * (devicePixelRatio || 1)));
    const level = Math.max(0, Math.min(photo.levels - 1, Math.floor(wanted + .01)));
    // The coarsest level first, so that there is something at once.
    for (const at of level === photo.levels - 1 ? [level] : [photo.levels - 1, level]) {
      const side = photo.tile * 2 ** at;
      const [left, top] = this.toPhoto(0, 0), [right, bottom] = this.toPhoto(this.width, this.height);
      for (let row = Math.max(0, Math.floor(top / side)); row * side < Math.min(bottom, photo.height); row++)
        for (let column = Math.max(0, Math.floor(left / side)); column * side < Math.min(right, photo.width); column++) {
          const image = this.tile(at, column, row, original);
          if (!image) continue;
          const width = Math.min(side, photo.width - column * side), height = Math.min(side, photo.height - row * side);
          context.drawImage(image, column * side, row * side, width, height);
        }
    }
  }

  tile(level, column, row, original) {
    const place = `${level}/${column}/${row}`, version = original ? 0 : this.versions.get(place) ?? this.photo.opened;
    const key = `${original ? "o" : ""}${place}`;
    let entry = this.tiles.get(key);
    if (entry) { this.tiles.delete(key); this.tiles.set(key, entry); } // the last one used is the last one dropped
    if (!entry || (entry.version !== version && entry.loading !== version)) {
      entry = entry ?? { image: null };
      entry.loading = version;
      this.tiles.set(key, entry);
      const image = new Image(), photo = this.photo;
      image.onload = () => {
        if (entry.loading !== version || photo !== this.photo) return;
        entry.image = image;
        entry.version = version;
        this.draw();
        this.canvas.dispatchEvent(new CustomEvent("tile", { detail: { place, version } }));
      };
      image.onerror = () => { if (entry.loading === version) entry.loading = undefined; };
      image.src = api.tile(this.photo.name, level, column, row, version, original);
      while (this.tiles.size > KEPT) this.tiles.delete(this.tiles.keys().next().value);
    }
    return entry.image;
  }

  // All strokes go on a canvas of the window's size first, so that they cover alike where they overlap.
  paintMask(strokes, colour) {
    if (!strokes.length) return;
    const layer = this.layer ??= document.createElement("canvas");
    layer.width = this.canvas.width;
    layer.height = this.canvas.height;
    const paint = layer.getContext("2d");
    paint.setTransform(this.context.getTransform());
    for (const stroke of strokes) {
      paint.globalCompositeOperation = stroke.erase ? "destination-out" : "source-over";
      paint.fillStyle = paint.strokeStyle = colour;
      trace(paint, stroke, this.pieces);
    }
    this.context.save();
    this.context.setTransform(1, 0, 0, 1, 0, 0);
    this.context.globalAlpha = .55;
    this.context.drawImage(layer, 0, 0);
    this.context.restore();
  }

  paintDraft() {
    const { context } = this;
    context.lineWidth = 2 / this.scale;
    if (this.draft?.kind === "frame") {
      context.strokeStyle = MARK;
      context.strokeRect(...this.draft.box);
    }
    if (this.ghost) {
      const { box, image, from } = this.ghost;
      context.globalAlpha = .8;
      if (image) context.drawImage(image, ...from, ...box);
      context.globalAlpha = 1;
      context.strokeStyle = "#2b8cff";
      context.strokeRect(...box);
    }
  }

  paintPointer() {
    if (!this.pointer) return;
    const { context } = this;
    context.lineWidth = 1 / this.scale;
    for (const [colour, more] of [["#000", 0], ["#fff", 1 / this.scale]]) {
      context.strokeStyle = colour;
      context.beginPath();
      context.arc(this.pointer.x, this.pointer.y, this.pointer.radius + more, 0, 2 * Math.PI);
      context.stroke();
    }
  }
}

function trace(paint, stroke, pieces) {
  if (stroke.kind === "brush") {
    paint.lineWidth = 2 * stroke.radius;
    paint.lineCap = paint.lineJoin = "round";
    paint.beginPath();
    paint.moveTo(...stroke.points[0]);
    for (const point of stroke.points) paint.lineTo(...point);
    paint.stroke();
  } else if (stroke.kind === "lasso") {
    paint.beginPath();
    for (const point of stroke.points) paint.lineTo(...point);
    paint.closePath();
    paint.fill();
  } else if (stroke.kind === "box") {
    paint.fillRect(...stroke.box);
  } else if (stroke.kind === "object") {
    const piece = pieces.get(stroke.id);
    if (piece?.image) paint.drawImage(piece.image, ...piece.box);
  }
}
