"use strict";
const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

// Tables: a heading sorts, best first at the first press.
for (const table of $$("table.sortable")) {
  const headings = $$("thead tr:last-child th", table);
  headings.forEach((heading, column) => $("button", heading)?.addEventListener("click", () => {
    const bestFirst = heading.dataset.better === "higher" ? "descending" : "ascending";
    const other = bestFirst === "ascending" ? "descending" : "ascending";
    const order = heading.getAttribute("aria-sort") === bestFirst ? other : bestFirst;
    headings.forEach((each) => each.removeAttribute("aria-sort"));
    heading.setAttribute("aria-sort", order);
    const value = (row) => Number(row.children[column].dataset.value);
    const rows = $$("tbody tr", table).sort((a, b) => value(a) - value(b));
    if (order === "descending") rows.reverse();
    $("tbody", table).append(...rows);
  }));
}

$("#area-metric")?.addEventListener("change", (event) => {
  for (const body of $$("tbody[data-metric]")) body.hidden = body.dataset.metric !== event.target.value;
});

// Cases: two of the pictures lie over each other, the right one is cut off at the divider.
function show(card, left, right) {
  for (const picture of $$("img", card)) {
    picture.classList.toggle("left", picture.dataset.version === left);
    picture.classList.toggle("right", picture.dataset.version === right && left !== right);
  }
  $(".tag.l", card).textContent = left;
  $(".tag.r", card).textContent = right;
  for (const chip of $$(".chips button", card)) chip.setAttribute("aria-pressed", chip.dataset.version === right);
  describe($("input", card));
}

function describe(range) {
  const card = range.closest(".case");
  const text = `${range.value}% ${$(".tag.l", card).textContent}, the rest ${$(".tag.r", card).textContent}`;
  range.setAttribute("aria-valuetext", text);
}

function moveTo(range) {
  range.closest(".slider").style.setProperty("--at", `${range.value}%`);
  describe(range);
}

const cards = $$(".case");
for (const card of cards) {
  const range = $("input", card);
  range.addEventListener("input", () => moveTo(range));
  for (const chip of $$(".chips button", card)) {
    chip.addEventListener("click", () => show(card, $("#left").value, chip.dataset.version));
  }
}

function sortCases() {
  const metric = $("#sort-metric"), method = $("#sort-method").value;
  const { better, digits } = metric.selectedOptions[0].dataset;
  const score = (card, name) => JSON.parse(card.dataset.scores)[name][metric.value];
  for (const card of cards) {
    for (const chip of $$(".chips button", card)) {
      $(".score", chip).textContent = score(card, chip.dataset.version).toFixed(Number(digits));
    }
  }
  const badness = (value) => better === "lower" ? value : better === "higher" ? -value : Math.abs(Math.log(value));
  cards.sort((a, b) => badness(score(b, method)) - badness(score(a, method)));
  $(".cases").append(...cards);
}

if (cards.length) {
  const showAll = () => cards.forEach((card) => show(card, $("#left").value, $("#right").value));
  $("#left").addEventListener("change", showAll);
  $("#right").addEventListener("change", showAll);
  $("#sort-metric").addEventListener("change", sortCases);
  $("#sort-method").addEventListener("change", sortCases);
  $("#mark").addEventListener("change", (event) => {
    for (const overlay of $$(".overlay")) overlay.hidden = !event.target.checked;
  });
  showAll();
  sortCases();
}
