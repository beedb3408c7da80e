// Putting an object from another photograph in: a small view of that photograph, a box in it, and where it goes.
import * as api from "./api.js";

export class Guided {
  // changed(): the object or its place is another one now.
  constructor(canvas, changed) {
    this.canvas = canvas;
    this.changed = changed;
    this.photo = null;
    this.box = null; // in pixels of that photograph
    this.image = null;
    canvas.addEventListener("pointerdown", (event) => {
      if (!this.image) return;
      canvas.setPointerCapture(event.pointerId);
      this.start = this.at(event);
    });
    canvas.addEventListener("pointermove", (event) => this.start && this.draw(this.between(this.start, this.at(event))));
    canvas.addEventListener("pointerup", (event) => {
      if (!this.start) return;
      const box = this.between(this.start, this.at(event));
      this.start = null;
      this.choose(box[2] >= 8 && box[3] >= 8 ? box : null);
    });
    canvas.addEventListener("keydown", (event) => { // without a pointer: the whole picture
      if (event.key === "Enter" && this.photo) this.choose([0, 0, this.photo.width, this.photo.height]);
    });
  }

  async open(name) {
    this.photo = await api.open(name);
    this.image = new Image();
    this.image.src = api.tile(name, this.photo.levels - 1, 0, 0, this.photo.version, false);
    await this.image.decode();
    this.canvas.height = Math.round(this.canvas.width * this.photo.height / this.photo.width);
    this.choose(null);
  }

  get ratio() { return this.canvas.width / this.photo.width; }

  at(event) {
    const frame = this.canvas.getBoundingClientRect(), shown = frame.width / this.photo.width;
    const clamp = (value, most) => Math.max(0, Math.min(most, value));
    return [clamp((event.clientX - frame.left) / shown, this.photo.width), clamp((event.clientY - frame.top) / shown, this.photo.height)];
  }

  between(a, b) {
    return [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.abs(a[0] - b[0]), Math.abs(a[1] - b[1])].map(Math.round);
  }

  choose(box) {
    this.box = box;
    this.draw(box);
    this.changed();
  }

  // The part of the small picture that shows the box, as drawImage wants it.
  from() {
    const share = this.image.naturalWidth / this.photo.width;
    return this.box.map((number) => number * share);
  }

  draw(box) {
    const context = this.canvas.getContext("2d");
    context.drawImage(this.image, 0, 0, this.canvas.width, this.canvas.height);
    if (!box) return;
    context.strokeStyle = "#2b8cff";
    context.lineWidth = 2;
    context.strokeRect(...box.map((number) => number * this.ratio));
  }
}
