// Ctrl-K or ⌘K: search everything, with the keyboard alone.

const dialog = document.getElementById("palette");
const input = dialog.querySelector("input");
const list = document.getElementById("palette-hits");
const words = dialog.querySelector("[data-found]");
let at = -1;
let timer = 0;
let asked = null; // the search under way

export function open() {
  if (dialog.open) return;
  for (const other of document.querySelectorAll("dialog[open]")) other.close();
  dialog.showModal();
  input.select();
  search();
}

const options = () => [...list.querySelectorAll("[role=option]")];

async function search() {
  asked?.abort();
  const mine = new AbortController();
  asked = mine;
  try {
    const answer = await fetch(`${dialog.dataset.search}?${new URLSearchParams({ q: input.value })}`, {
      signal: mine.signal, headers: { Accept: "application/json" },
    });
    if (answer.redirected) location.reload();
    else if (answer.ok) show((await answer.json()).groups);
    else words.textContent = dialog.dataset.silent;
  } catch (error) {
    if (error.name !== "AbortError") words.textContent = dialog.dataset.away;
  }
}

function show(groups) {
  list.replaceChildren(...groups.map(group));
  at = -1;
  move(1);
  const number = options().length;
  words.textContent = number ? dialog.dataset.number.replace("#", number) : dialog.dataset.none;
  input.setAttribute("aria-expanded", String(number > 0));
}

function group({ title, hits }, number) {
  const box = document.createElement("div");
  box.setAttribute("role", "group");
  box.setAttribute("aria-labelledby", `palette-${number}`);
  const head = document.createElement("div");
  head.className = "label";
  head.id = `palette-${number}`;
  head.textContent = title;
  box.append(head, ...hits.map((hit, which) => option(hit, `palette-${number}-${which}`)));
  return box;
}

function option(hit, id) {
  const line = document.createElement("div");
  line.id = id;
  line.setAttribute("role", "option");
  line.dataset.address = hit.address;
  const label = document.createElement("b");
  label.textContent = hit.label;
  const hint = document.createElement("span");
  hint.textContent = hit.hint;
  line.append(label, hint);
  line.addEventListener("click", () => go(line));
  return line;
}

function move(step) {
  const all = options();
  if (!all.length) return input.removeAttribute("aria-activedescendant");
  all[at]?.removeAttribute("aria-selected");
  at = (at + step + all.length) % all.length;
  all[at].setAttribute("aria-selected", "true");
  all[at].scrollIntoView({ block: "nearest" });
  return input.setAttribute("aria-activedescendant", all[at].id);
}

function go(line) {
  if (!line) return;
  dialog.close();
  location.assign(line.dataset.address);
}

input.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(search, 120);
});
input.addEventListener("keydown", (event) => {
  const keys = { ArrowDown: () => move(1), ArrowUp: () => move(-1), Enter: () => go(options()[at]) };
  if (!keys[event.key]) return;
  event.preventDefault();
  keys[event.key]();
});
document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "k") {
    event.preventDefault();
    open();
  }
});
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-palette]")) open();
});
