"use strict";
const $ = (id) => document.getElementById(id);
const study = JSON.parse($("study").textContent);
const SLOT = `inpaint-study-${study.study}`;

// What is kept in this browser: who, in which question, with which answers.
function fresh() {
  const participant = [...crypto.getRandomValues(new Uint8Array(8))].map((b) => b.toString(16).padStart(2, "0")).join("");
  return { participant, position: -1, answers: {} };
}
let state;
try {
  state = JSON.parse(localStorage.getItem(SLOT)) ?? fresh();
} catch {
  state = fresh();
}
function keep() {
  try {
    localStorage.setItem(SLOT, JSON.stringify(state));
  } catch {
    $("forgetful").hidden = false;
  }
}

// A seeded order (FNV-1a into mulberry32): the same person sees the same order again, everybody sees another one.
function random(text) {
  let seed = 2166136261;
  for (const letter of text) seed = Math.imul(seed ^ letter.codePointAt(0), 16777619);
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
function shuffled(list, text) {
  const next = random(text), result = [...list];
  for (let i = result.length - 1; i > 0; i--) {
    const j = Math.floor(next() * (i + 1));
    [result[i], result[j]] = [result[j], result[i]];
  }
  return result;
}
const questions = () => shuffled(study.questions, `${study.study} ${state.participant}`);
const current = () => questions()[state.position];

let began = 0;
let active = null; // the card that digits rank: the one that focus or pointer came to last

function answer() {
  return (state.answers[current().id] ??= { ranks: {}, order: null, seconds: 0 });
}
const complete = (question) =>
  Object.keys(state.answers[question.id]?.ranks ?? {}).length === question.options.length;

function show() {
  const list = questions();
  $("intro").hidden = state.position >= 0;
  $("ask").hidden = state.position < 0 || state.position >= list.length;
  $("end").hidden = state.position < list.length;
  if (state.position >= list.length) return $("thanks").focus();
  if (state.position < 0) return undefined;
  const question = list[state.position];
  const options = shuffled(question.options, `${study.study} ${state.participant} ${question.id}`);
  const order = answer().order;
  if (order) options.sort((a, b) => order.indexOf(a.id) - order.indexOf(b.id));
  $("cards").style.setProperty("--columns", Math.min(options.length, 4));
  $("cards").replaceChildren(...options.map((option, index) => card(option, question, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[index])));
  $("hole-label").hidden = !question.hole;
  $("where").textContent = `Photograph ${state.position + 1} of ${list.length}`;
  $("progress").value = list.filter(complete).length;
  $("back").disabled = state.position === 0;
  active = null;
  began = performance.now();
  mark();
  $("where").focus();
  return undefined;
}

function card(option, question, letter) {
  const element = document.createElement("div");
  Object.assign(element, { className: "card", tabIndex: 0 });
  element.dataset.option = option.id;
  element.dataset.letter = letter;
  element.setAttribute("role", "group");
  const picture = document.createElement("div");
  picture.className = "picture";
  const image = new Image(question.width, question.height);
  Object.assign(image, { src: option.picture, alt: `Picture ${letter}`, draggable: false });
  picture.append(image);
  if (question.hole) {
    const overlay = document.createElement("div");
    overlay.className = "overlay";
    overlay.style.maskImage = `url(${question.hole})`;
    overlay.hidden = !$("hole").checked;
    picture.append(overlay);
  }
  const ranks = document.createElement("div");
  ranks.className = "ranks";
  ranks.setAttribute("role", "radiogroup");
  ranks.setAttribute("aria-label", `Place of picture ${letter}`);
  const name = document.createElement("span");
  name.textContent = `Picture ${letter}`;
  ranks.append(name);
  for (let place = 1; place <= study.count; place++) {
    const button = document.createElement("button");
    Object.assign(button, { type: "button", textContent: String(place) });
    button.dataset.place = place;
    button.setAttribute("role", "radio");
    button.addEventListener("click", () => rank(element, place));
    ranks.append(button);
  }
  element.append(picture, ranks);
  for (const type of ["pointerenter", "focusin"]) element.addEventListener(type, () => { active = element; });
  element.addEventListener("pointerleave", () => { active = document.activeElement.closest(".card"); });
  picture.addEventListener("pointerdown", (event) => drag(event, element));
  return element;
}

// Show the ranks that are given, and whether one is missing.
function mark() {
  const { ranks } = answer();
  for (const element of $("cards").children) {
    const place = ranks[element.dataset.option];
    element.classList.toggle("ranked", place !== undefined);
    element.setAttribute("aria-label", `Picture ${element.dataset.letter}, ${place ? `place ${place}` : "no place yet"}`);
    for (const button of element.querySelectorAll("button")) {
      button.setAttribute("aria-checked", Number(button.dataset.place) === place);
    }
  }
  const missing = current().options.length - Object.keys(ranks).length;
  $("missing").textContent = missing ? `${missing} still without a place` : "";
  $("next").disabled = missing > 0;
  $("progress").value = questions().filter(complete).length;
}

function rank(element, place) {
  answer().ranks[element.dataset.option] = place;
  keep();
  mark();
}

function rankByOrder() {
  const order = [...$("cards").children].map((element) => element.dataset.option);
  answer().order = order;
  order.forEach((option, index) => { answer().ranks[option] = index + 1; });
  keep();
  mark();
}

function drag(event, element) {
  if (event.button !== 0) return;
  const start = { x: event.clientX, y: event.clientY };
  let moved = false;
  const move = (e) => {
    if (!moved && Math.hypot(e.clientX - start.x, e.clientY - start.y) < 8) return;
    moved = true;
    element.classList.add("dragged");
    const target = document.elementsFromPoint(e.clientX, e.clientY)
      .map((hit) => hit.closest(".card")).find((hit) => hit && hit !== element);
    if (!target) return;
    const siblings = [...$("cards").children];
    const forward = siblings.indexOf(element) < siblings.indexOf(target);
    // Only past the middle, or two pictures of different size would change places for ever.
    const box = target.getBoundingClientRect(), row = element.getBoundingClientRect();
    const stacked = Math.abs(row.left - box.left) < box.width / 2;
    const past = stacked ? e.clientY > box.top + box.height / 2 : e.clientX > box.left + box.width / 2;
    if (forward && past) target.after(element);
    else if (!forward && !past) target.before(element);
  };
  const stop = (e) => {
    for (const [type, listener] of [["pointermove", move], ["pointerup", stop], ["pointercancel", stop]]) {
      document.removeEventListener(type, listener);
    }
    element.classList.remove("dragged");
    if (moved && e.type === "pointerup") rankByOrder();
  };
  document.addEventListener("pointermove", move);
  document.addEventListener("pointerup", stop);
  document.addEventListener("pointercancel", stop);
  element.focus();
  event.preventDefault();
}

function go(step) {
  if (state.position >= 0 && state.position < study.questions.length) {
    answer().seconds += Math.round((performance.now() - began) / 100) / 10;
  }
  state.position += step;
  keep();
  show();
}

function toggleHole() {
  for (const overlay of document.querySelectorAll(".overlay")) overlay.hidden = !$("hole").checked;
}

document.addEventListener("keydown", (event) => {
  if ($("ask").hidden || event.ctrlKey || event.metaKey || event.altKey) return;
  const element = document.activeElement.closest(".card");
  const place = Number(event.key);
  if (active && place >= 1 && place <= study.count) rank(active, place);
  else if (event.key === "h" && current().hole) { $("hole").checked = !$("hole").checked; toggleHole(); }
  else if (event.key === "Enter" && document.activeElement.tagName !== "BUTTON") { if (!$("next").disabled) go(1); }
  else if (document.activeElement === element && (event.key === "ArrowLeft" || event.key === "ArrowRight")) {
    const neighbour = event.key === "ArrowLeft" ? element.previousElementSibling : element.nextElementSibling;
    if (neighbour) neighbour[event.key === "ArrowLeft" ? "before" : "after"](element);
    rankByOrder();
    element.focus();
    event.preventDefault();
  }
});

$("start").addEventListener("click", () => go(1));
$("next").addEventListener("click", () => go(1));
$("back").addEventListener("click", () => go(-1));
$("hole").addEventListener("change", toggleHole);
$("review").addEventListener("click", () => go(-study.questions.length));
$("another").addEventListener("click", () => {
  if (!confirm("Forget these answers in this browser? Save them first.")) return;
  state = fresh();
  keep();
  show();
});
$("save").addEventListener("click", () => {
  const answers = study.questions.filter(complete).map(({ id }) => {
    const { ranks, seconds } = state.answers[id];
    return { question: id, ranks, seconds };
  });
  const record = {
    format: "inpaint-study-answers", version: 1, study: study.study, participant: state.participant, answers,
  };
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([JSON.stringify(record, null, 1)], { type: "application/json" }));
  link.download = `answers-${study.study}-${state.participant.slice(0, 6)}.json`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
});

keep();
show();
