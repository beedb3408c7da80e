// The page: its buttons and keys, what it asks the server for, and what it does when the server tells something.
import * as api from "./api.js";
import { Guided } from "./guided.js";
import { Tools } from "./tools.js";
import { View } from "./view.js";

const $ = (id) => document.getElementById(id);
const view = new View($("view"));
const tools = new Tools(view, { done: finished, frame: find });
const guided = new Guided($("source-view"), ghost);
const jobs = new Map();

function say(text, bad = false) {
  $("status").textContent = text;
  $("status").classList.toggle("bad", bad);
}

// Does something, and says what went wrong.
async function attempt(work) {
  try { return await work(); } catch (error) { say(error.message, true); }
}

// ---- photographs

async function openPhoto(name) {
  const photo = await api.open(name);
  photo.opened = photo.version;
  view.show(photo);
  $("photo").value = name;
  $("name").value = photo.save_as;
  $("size").textContent = `${photo.width} × ${photo.height}, ${photo.depth}`;
  history(photo);
  offer(photo);
  recall();
  say(photo.notes[0] ?? "Paint over what should go.");
}

function history(photo) {
  $("undo").disabled = !photo.can_undo;
  $("redo").disabled = !photo.can_redo;
}

// ---- what is painted; kept for a page that is reloaded

const drawer = () => `strokes ${view.photo.name}`;
function remember() { sessionStorage.setItem(drawer(), JSON.stringify(view.strokes.filter((s) => s.kind !== "object"))); }
function recall() {
  try { view.strokes = JSON.parse(sessionStorage.getItem(drawer()) ?? "[]"); } catch { view.strokes = []; }
  view.draw();
}
function clearPaint() {
  view.strokes = [];
  view.sources = [];
  view.ghost = null;
  remember();
  view.draw();
}

function finished(stroke, event) {
  if (stroke.source) {
    view.sources.push(stroke);
    return say("Texture will come from the green area only. Now paint over what should go.");
  }
  const first = !view.strokes.length;
  view.strokes.push(stroke);
  remember();
  if ($("auto").checked && first && !event.shiftKey && !stroke.erase) fill();
}

const request = (strokes) => ({
  strokes, grow: $("grow").value || 0, feather: $("feather").value || 0, detail: $("detail").value, model: $("model").value,
  variations: $("variations").value, sources: view.sources,
});

function fill() {
  if (!view.strokes.length) return say("Nothing is painted; paint over what should go.", true);
  const strokes = view.strokes;
  return attempt(async () => {
    await api.act(view.photo.name, "fill", request(strokes));
    view.strokes = view.strokes.slice(strokes.length);
    view.sources = [];
    remember();
    view.draw();
  });
}

function find(box) {
  say("Looking for the object…");
  return attempt(async () => {
    const found = await api.act(view.photo.name, "find", { box });
    const image = await tinted(api.piece(view.photo.name, found.id));
    view.pieces.set(found.id, { box: found.box, image });
    view.strokes.push({ kind: "object", id: found.id });
    say(found.notes[0] ?? "Mend the mask with brush and eraser, then press Fill.");
    view.draw();
  });
}

// A mask as a picture that is red where the mask is white, and else transparent.
async function tinted(address) {
  const mask = new Image();
  mask.src = address;
  await mask.decode();
  const canvas = document.createElement("canvas");
  canvas.width = mask.naturalWidth;
  canvas.height = mask.naturalHeight;
  const context = canvas.getContext("2d");
  context.drawImage(mask, 0, 0);
  const pixels = context.getImageData(0, 0, canvas.width, canvas.height);
  for (let i = 0; i < pixels.data.length; i += 4) {
    pixels.data[i + 3] = pixels.data[i];
    pixels.data.set([230, 40, 60], i);
  }
  context.putImageData(pixels, 0, 0);
  return canvas;
}

// ---- fills to choose from

function offer(photo) {
  const count = photo.choices ?? 0;
  $("choices").hidden = count < 2;
  $("choices").replaceChildren(...(count < 2 ? [] : [...Array(count).keys()].map((number) => {
    const button = document.createElement("button"), image = document.createElement("img");
    image.src = api.choice(view.photo.name, number, view.photo.version);
    image.alt = number ? `Fill ${number + 1}` : "Fill 1, thought to be the best";
    button.append(image);
    button.onclick = () => attempt(() => api.act(view.photo.name, "choose", { number }));
    return button;
  })));
}

// ---- an object from another photograph

function ghost() {
  $("place").disabled = !guided.box;
  if (!guided.box || !view.photo) { view.ghost = null; return view.draw(); }
  const share = $("scale").value / 100, [, , width, height] = guided.box;
  const old = view.ghost?.box;
  const [x, y] = old ? [old[0] + old[2] / 2, old[1] + old[3] / 2] : view.toPhoto(view.width / 2, view.height / 2);
  view.ghost = { box: [x - width * share / 2, y - height * share / 2, width * share, height * share], image: guided.image, from: guided.from() };
  $("scale-shown").textContent = `${$("scale").value}%`;
  view.draw();
}

function place() {
  if (!view.ghost) return;
  return attempt(async () => {
    await api.act(view.photo.name, "place", {
      source: guided.photo.name, object_box: guided.box, at: view.ghost.box, strength: $("strength").value / 100, around: $("around").value,
    });
    view.ghost = null;
    view.draw();
  });
}

// ---- what the server tells

function heard(event) {
  if (event.state === "changed" || event.state === "done") {
    if (event.photo === view.photo?.name) {
      view.changed(event.box, event.version);
      history(event.state === "changed" ? event : { can_undo: true, can_redo: false });
      if (event.choices !== $("choices").children.length || event.state === "done") offer(event);
    }
    if (event.state === "done") say([`${event.label}: done in ${event.seconds} s.`, ...event.notes].join(" "));
  }
  if (event.state === "failed") say(event.message, true);
  if (event.state === "cancelled") say("Cancelled.");
  if (event.job) {
    if (event.state === "waiting" || event.state === "running") jobs.set(event.job, event);
    else jobs.delete(event.job);
    queue();
  }
}

function queue() {
  $("queue").replaceChildren(...[...jobs.values()].map((job) => {
    const row = document.createElement("div"), stop = document.createElement("button");
    const bar = document.createElement("progress");
    if (job.total) { bar.max = job.total; bar.value = job.done; } else if (job.state === "waiting") bar.value = 0;
    stop.textContent = "Cancel";
    stop.onclick = () => attempt(() => api.cancel(job.job));
    row.append(`${job.label}, ${job.photo}: ${job.state}`, bar, stop);
    return row;
  }));
}

// For tests and timings: the newest version of which new pixels are on the page.
view.canvas.addEventListener("tile", (event) => { document.documentElement.dataset.shown = event.detail.version; });

// ---- buttons and keys

function choose(tool) {
  tools.tool = tool;
  for (const button of $("tools").children) {
    button.setAttribute("aria-checked", button.dataset.tool === tool);
    button.tabIndex = button.dataset.tool === tool ? 0 : -1;
  }
  view.canvas.classList.toggle("pan", tool === "pan");
}
$("tools").addEventListener("click", (event) => event.target.dataset.tool && choose(event.target.dataset.tool));
$("tools").addEventListener("keydown", (event) => {
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  if (!step) return;
  const buttons = [...$("tools").children], next = buttons[(buttons.indexOf(document.activeElement) + step + buttons.length) % buttons.length];
  choose(next.dataset.tool);
  next.focus();
  event.preventDefault();
  event.stopPropagation();
});

function radius(value) {
  tools.radius = Number(value);
  $("radius").value = value;
  $("radius-shown").textContent = `${Math.round(value)} px`;
  if (view.pointer) view.pointer.radius = tools.radius;
  view.draw();
}
$("radius").oninput = (event) => radius(event.target.value);
view.canvas.addEventListener("radius", (event) => radius(event.detail));

function compare(on) {
  view.comparing = on;
  $("compare").setAttribute("aria-pressed", on);
  view.draw();
}
$("compare").onpointerdown = () => compare(true);
$("compare").onpointerup = $("compare").onpointerleave = () => compare(false);
$("compare").onkeydown = (event) => event.key === "Enter" && compare(!view.comparing);
$("split").oninput = (event) => { view.split = event.target.value / 100; view.draw(); };

const move = (to) => attempt(async () => history(await api.act(view.photo.name, "move", { to })));
$("undo").onclick = () => move("undo");
$("redo").onclick = () => move("redo");
$("fill").onclick = fill;
$("clear").onclick = clearPaint;
$("fit").onclick = () => view.fit();
$("full").onclick = () => view.full();
$("in").onclick = () => view.zoom(1.5);
$("out").onclick = () => view.zoom(1 / 1.5);
$("place").onclick = place;
$("scale").oninput = ghost;
$("source").onchange = (event) => attempt(() => guided.open(event.target.value));
$("guided").ontoggle = () => { if ($("guided").open && !guided.photo && $("source").value) attempt(() => guided.open($("source").value)); };
$("photo").onchange = (event) => attempt(() => openPhoto(event.target.value));
$("save").onclick = () => attempt(async () => {
  const saved = await api.act(view.photo.name, "save", { name: $("name").value });
  say([`Saved as ${saved.name}.`, ...saved.notes].join(" "));
});
$("mask").onclick = () => attempt(async () => {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await api.mask(view.photo.name, request(view.strokes)));
  link.download = `${view.photo.name.replace(/\.[^.]*$/, "")}_mask.png`;
  link.click();
  URL.revokeObjectURL(link.href);
});

const KEYS = {
  b: () => choose("brush"), e: () => choose("eraser"), l: () => choose("lasso"), r: () => choose("box"), o: () => choose("object"), t: () => choose("source"),
  h: () => choose("pan"), "[": () => tools.resize(60), "]": () => tools.resize(-60), 0: () => view.fit(), 1: () => view.full(),
  "+": () => view.zoom(1.25), "=": () => view.zoom(1.25), "-": () => view.zoom(.8), Enter: fill, Escape: clearPaint,
  ArrowLeft: () => view.pan(60, 0), ArrowRight: () => view.pan(-60, 0), ArrowUp: () => view.pan(0, 60), ArrowDown: () => view.pan(0, -60),
};
addEventListener("keydown", (event) => {
  if (!view.photo || event.target.closest("input, select, summary, #source-view")) return;
  const command = event.ctrlKey || event.metaKey;
  if (command && event.key.toLowerCase() === "z") { event.preventDefault(); return move(event.shiftKey ? "redo" : "undo"); }
  if (command || event.altKey) return;
  if (event.key === " " && event.target === view.canvas) { tools.space = true; event.preventDefault(); return; }
  if (event.key.toLowerCase() === "c") return compare(true);
  if (event.key === "Enter" && event.target.closest("button")) return;
  const act = KEYS[event.key] ?? KEYS[event.key.toLowerCase()];
  if (act) { event.preventDefault(); act(); }
});
addEventListener("keyup", (event) => {
  if (event.key === " ") tools.space = false;
  if (event.key.toLowerCase() === "c") compare(false);
});
addEventListener("blur", () => { tools.space = false; compare(false); });

// ---- the beginning

const option = (name) => Object.assign(document.createElement("option"), { value: name, textContent: name });
attempt(async () => {
  const state = await api.state();
  $("photo").replaceChildren(...state.photos.map(option));
  $("source").replaceChildren(...state.photos.map(option));
  $("model").replaceChildren(...state.models.map(option));
  for (const job of state.jobs) jobs.set(job.job, job);
  queue();
  radius(30);
  choose("brush");
  const last = sessionStorage.getItem("photo");
  const name = state.photos.includes(last) ? last : state.first ?? state.photos[0];
  if (name) await openPhoto(name);
  else say("There is no photograph in this folder.", true);
  const source = api.listen(heard);
  source.onerror = () => say("The studio has ended, or cannot be reached.", true);
  // A fill may have finished between the opening and the listening.
  source.onopen = () => attempt(async () => {
    if (!view.photo) return;
    const now = await api.open(view.photo.name);
    if (now.version !== view.photo.version) view.changed([0, 0, now.width, now.height], now.version);
    history(now);
    if ($("status").classList.contains("bad")) say("");
  });
  document.documentElement.dataset.ready = "yes";
});
$("photo").addEventListener("change", () => sessionStorage.setItem("photo", $("photo").value));
