// Completion in the query bar: fields first, then the values of the field that stands before the caret.

const form = document.querySelector("[data-query]");
const input = form?.querySelector("input");
let fields = null;
let offered = [];
let chosen = -1;
const box = document.createElement("ul");

function setUp() {
  box.id = "q-offers";
  box.setAttribute("role", "listbox");
  box.setAttribute("aria-label", "Completions");
  box.hidden = true;
  form.append(box);
  input.setAttribute("role", "combobox");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-expanded", "false");
  input.setAttribute("aria-controls", box.id);
  input.addEventListener("focus", load, { once: true });
  input.addEventListener("input", offer);
  input.addEventListener("keydown", key);
  input.addEventListener("blur", () => setTimeout(close, 150));
  form.addEventListener("submit", close);
}

async function load() {
  const answer = await fetch(form.dataset.query, { headers: { Accept: "application/json" } });
  if (answer.ok && !answer.redirected) fields = (await answer.json()).fields;
}

// The word at the caret, and where it starts.
function word() {
  const before = input.value.slice(0, input.selectionStart);
  const start = before.search(/[^\s,]*$/);
  const term = before.slice(before.search(/\S*$/));
  return { start, text: before.slice(start), term };
}

function candidates() {
  const { text, term } = word();
  const named = /^-?([a-z_]+):/.exec(term);
  if (named) {
    const field = fields.find((one) => one.name === named[1]);
    const typed = text.replace(/^-?[a-z_]+:/, "").replace(/^[<>]=?/, "").toLowerCase();
    const values = field ? field.choices.filter((value) => value.toLowerCase().startsWith(typed) && value.toLowerCase() !== typed) : [];
    return values.slice(0, 12).map((value) => ({ insert: quoted(value), skip: text.length - typed.length, label: value, hint: "" }));
  }
  const typed = text.replace(/^-/, "").toLowerCase();
  if (!typed) return [];
  return fields.filter((field) => field.name.startsWith(typed)).map((field) => (
    { insert: `${field.name}:`, skip: text.length - typed.length, label: `${field.name}:`, hint: field.sentence }));
}

function quoted(value) {
  return /[\s",]/.test(value) ? `"${value.replace(/["\\]/g, "\\$&")}"` : value;
}

function offer() {
  offered = fields ? candidates() : [];
  chosen = -1;
  box.replaceChildren(...offered.map((one, number) => {
    const item = document.createElement("li");
    item.id = `q-offer-${number}`;
    item.setAttribute("role", "option");
    const label = document.createElement("b");
    label.textContent = one.label;
    const hint = document.createElement("span");
    hint.textContent = one.hint;
    item.append(label, hint);
    item.addEventListener("mousedown", (event) => { event.preventDefault(); take(number); });
    return item;
  }));
  box.hidden = offered.length === 0;
  input.setAttribute("aria-expanded", String(!box.hidden));
  mark();
}

function mark() {
  [...box.children].forEach((item, number) => item.setAttribute("aria-selected", String(number === chosen)));
  if (chosen >= 0) {
    input.setAttribute("aria-activedescendant", `q-offer-${chosen}`);
    box.children[chosen].scrollIntoView({ block: "nearest" });
  } else input.removeAttribute("aria-activedescendant");
}

function take(number) {
  const { start } = word();
  const one = offered[number];
  const end = input.selectionStart;
  const head = input.value.slice(0, start + one.skip) + one.insert;
  input.value = head + input.value.slice(end);
  input.setSelectionRange(head.length, head.length);
  offer();
}

function close() {
  box.hidden = true;
  offered = [];
  input.setAttribute("aria-expanded", "false");
  input.removeAttribute("aria-activedescendant");
}

function key(event) {
  if (event.key === "Escape") {
    if (offered.length) { event.stopPropagation(); close(); } else input.blur();
  } else if (offered.length && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
    event.preventDefault();
    chosen = (chosen + (event.key === "ArrowDown" ? 1 : -1) + offered.length) % offered.length;
    mark();
  } else if (offered.length && (event.key === "Tab" && !event.shiftKey || event.key === "Enter" && chosen >= 0)) {
    event.preventDefault();
    take(Math.max(chosen, 0));
  }
}

if (form) setUp();
