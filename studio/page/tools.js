// From the pointer to strokes: brush, eraser, lasso, box, a box around an object, and moving the view.

export class Tools {
  // done(stroke, event): a stroke is finished. frame(box): a box was drawn around an object.
  constructor(view, { done, frame }) {
    this.view = view;
    this.done = done;
    this.frame = frame;
    this.tool = "brush";
    this.radius = 30;
    this.space = false;
    this.fingers = new Map();
    const canvas = view.canvas;
    canvas.addEventListener("pointerdown", (event) => this.down(event));
    canvas.addEventListener("pointermove", (event) => this.move(event));
    canvas.addEventListener("pointerup", (event) => this.up(event));
    canvas.addEventListener("pointercancel", (event) => this.drop(event));
    canvas.addEventListener("pointerleave", () => { view.pointer = null; view.draw(); });
    canvas.addEventListener("contextmenu", (event) => event.preventDefault());
    canvas.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
  }

  get brushing() { return ["brush", "eraser", "source"].includes(this.tool); }
  get moving() { return this.tool === "pan" || this.space; }

  at(event) {
    const frame = this.view.canvas.getBoundingClientRect();
    return this.view.toPhoto(event.clientX - frame.left, event.clientY - frame.top);
  }

  down(event) {
    if (!this.view.photo) return;
    this.view.canvas.setPointerCapture(event.pointerId);
    this.fingers.set(event.pointerId, event);
    if (this.fingers.size === 2) { this.view.draft = null; this.pinch = this.spread(); return; }
    const point = this.at(event);
    const ghost = this.view.ghost?.box;
    if (ghost && inside(ghost, point)) {
      this.drag = { kind: "ghost", point, box: [...ghost] };
    } else if (this.moving || event.button === 1) {
      this.drag = { kind: "pan", x: event.clientX, y: event.clientY };
    } else if (event.button === 0) {
      this.begin(point);
    }
    event.preventDefault();
    this.view.canvas.focus({ preventScroll: true });
  }

  begin(point) {
    const { view, tool } = this;
    if (this.brushing)
      view.draft = { kind: "brush", erase: tool === "eraser", source: tool === "source", radius: this.radius, points: [point] };
    else if (tool === "lasso") view.draft = { kind: "lasso", points: [point] };
    else view.draft = { kind: tool === "box" ? "box" : "frame", box: [...point, 0, 0] };
    this.drag = { kind: "draw", point };
    view.draw();
  }

  move(event) {
    const { view } = this, point = this.at(event);
    if (this.fingers.has(event.pointerId)) this.fingers.set(event.pointerId, event);
    if (this.fingers.size === 2) return this.twoFingers();
    view.pointer = this.brushing && !this.moving && event.pointerType !== "touch" ? { x: point[0], y: point[1], radius: this.radius } : null;
    if (this.drag?.kind === "pan") {
      view.pan(event.clientX - this.drag.x, event.clientY - this.drag.y);
      this.drag.x = event.clientX;
      this.drag.y = event.clientY;
    } else if (this.drag?.kind === "ghost") {
      const { box } = this.drag;
      view.ghost.box = [box[0] + point[0] - this.drag.point[0], box[1] + point[1] - this.drag.point[1], box[2], box[3]];
    } else if (view.draft) {
      // A quick movement has more points than events.
      for (const each of event.getCoalescedEvents?.() ?? [event]) this.extend(this.at(each));
      this.extend(point);
    }
    view.draw();
  }

  extend(point) {
    const { draft } = this.view;
    if (draft.points) {
      const last = draft.points.at(-1);
      if (Math.hypot(point[0] - last[0], point[1] - last[1]) * this.view.scale >= 1) draft.points.push(point);
    } else {
      const start = this.drag.point;
      draft.box = [Math.min(start[0], point[0]), Math.min(start[1], point[1]), Math.abs(point[0] - start[0]), Math.abs(point[1] - start[1])];
    }
  }

  up(event) {
    const { view } = this;
    this.fingers.delete(event.pointerId);
    const stroke = view.draft;
    view.draft = null;
    const drag = this.drag;
    this.drag = null;
    if (stroke && drag?.kind === "draw") {
      if (stroke.kind === "frame") this.frame(this.framed(stroke.box, drag.point));
      else if (stroke.kind !== "box" || (stroke.box[2] >= 1 && stroke.box[3] >= 1)) this.done(stroke, event);
    }
    view.draw();
  }

  // A click is a box of a quarter of the window around it.
  framed(box, [x, y]) {
    if (box[2] * this.view.scale > 6 && box[3] * this.view.scale > 6) return box;
    const side = Math.min(this.view.width, this.view.height) / 4 / this.view.scale;
    return [x - side / 2, y - side / 2, side, side];
  }

  drop(event) {
    this.fingers.delete(event.pointerId);
    this.view.draft = this.drag = null;
    this.view.draw();
  }

  spread() {
    const [a, b] = [...this.fingers.values()];
    return { size: Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY), x: (a.clientX + b.clientX) / 2, y: (a.clientY + b.clientY) / 2 };
  }

  twoFingers() {
    const now = this.spread(), frame = this.view.canvas.getBoundingClientRect();
    this.view.pan(now.x - this.pinch.x, now.y - this.pinch.y);
    this.view.zoom(now.size / Math.max(this.pinch.size, 1), now.x - frame.left, now.y - frame.top);
    this.pinch = now;
  }

  wheel(event) {
    event.preventDefault();
    const frame = this.view.canvas.getBoundingClientRect();
    if (event.altKey || event.shiftKey) return this.resize(event.deltaY || event.deltaX);
    this.view.zoom(Math.exp(-event.deltaY * (event.ctrlKey ? .01 : .0015)), event.clientX - frame.left, event.clientY - frame.top);
  }

  resize(delta) {
    this.radius = Math.max(1, Math.min(300, this.radius * Math.exp(-delta * .002)));
    this.view.canvas.dispatchEvent(new CustomEvent("radius", { detail: this.radius }));
  }
}

const inside = ([left, top, width, height], [x, y]) => x >= left && y >= top && x <= left + width && y <= top + height;
