// The issue list: keys, selection, and the query bar after a swap.

import { isTyping } from "./app.js";

let at = -1;
let last = null; // the box that was ticked before this one

const rows = () => [...document.querySelectorAll("[data-row]")];
const boxes = () => [...document.querySelectorAll("[data-row] input[name=issue]")];

function move(step) {
  const all = rows();
  if (!all.length) return;
  all[at]?.classList.remove("at");
  at = Math.max(0, Math.min(all.length - 1, at + step));
  all[at].classList.add("at");
  all[at].querySelector(".t a").focus({ preventScroll: true });
  all[at].scrollIntoView({ block: "nearest" });
}

function count() {
  const chosen = boxes().filter((box) => box.checked).length;
  const words = document.querySelector("[data-selected]");
  if (words) words.textContent = words.dataset.selected.replace("#", chosen);
  const all = document.querySelector("[data-all]");
  if (all) {
    all.checked = chosen > 0 && chosen === boxes().length;
    all.indeterminate = chosen > 0 && !all.checked;
  }
}

// Act on what is selected, or else on the row at hand.
function act() {
  if (!boxes().some((box) => box.checked)) rows()[at]?.querySelector("input[name=issue]")?.click();
  document.querySelector(".bulk .who + button")?.focus();
}

// With Shift, everything between the last tick and this one gets the same.
document.addEventListener("click", (event) => {
  if (!event.target.matches("[data-row] input[name=issue]")) return;
  const all = boxes();
  const ends = [all.indexOf(last), all.indexOf(event.target)].sort((a, b) => a - b);
  if (event.shiftKey && ends[0] >= 0) {
    for (const box of all.slice(ends[0], ends[1] + 1)) box.checked = event.target.checked;
  }
  last = event.target;
  count();
});

// One menu at a time; a click elsewhere or Escape closes it.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll(".pop[open]")) {
    if (!menu.contains(event.target)) menu.removeAttribute("open");
  }
});
document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" ? document.querySelector(".pop[open]") : null;
  if (!menu) return;
  menu.removeAttribute("open");
  menu.querySelector("summary").focus();
});

document.addEventListener("keydown", (event) => {
  if (isTyping(event)) return;
  const keys = {
    j: () => move(1),
    k: () => move(-1),
    o: () => rows()[at]?.querySelector(".t a").click(),
    x: () => rows()[at]?.querySelector("input[name=issue]")?.click(),
    e: () => act(),
    "/": () => document.getElementById("q").focus(),
    Escape: () => { for (const box of boxes()) box.checked = false; count(); },
  };
  if (keys[event.key]) {
    if (event.key !== "Escape") event.preventDefault();
    keys[event.key]();
  }
});

document.addEventListener("focusin", (event) => {
  const row = event.target.closest("[data-row]");
  if (!row) return;
  const all = rows();
  all[at]?.classList.remove("at");
  at = all.indexOf(row);
  row.classList.add("at");
});

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-all]")) {
    for (const box of boxes()) box.checked = event.target.checked;
  }
  if (event.target.matches("[data-all], [name=issue]")) count();
});

// On a narrow screen the facets start folded.
function fold() {
  const facets = document.querySelector("[data-facets]");
  if (facets && matchMedia("(max-width: 1024px)").matches) facets.removeAttribute("open");
}

document.body.addEventListener("htmx:afterSwap", (event) => {
  const list = document.getElementById("list");
  if (!list || event.detail.target.id !== "list") return;
  at = -1;
  const bar = document.getElementById("q");
  if (document.activeElement !== bar) bar.value = list.dataset.q;
  fold();
});

fold();
count();
