// The policy editor: facts are completed where a condition is written, and a mistake leads to its place in the text.

const form = document.querySelector("[data-editor]");
let known = null;
let offered = [];
let chosen = -1;
let field = null;

const box = document.createElement("ul");
box.id = "offers";
box.className = "offers";
box.setAttribute("role", "listbox");
box.setAttribute("aria-label", "Completions");
box.hidden = true;
document.body.append(box);

async function load() {
  known = [];
  const answer = await fetch(form.dataset.editor, { headers: { Accept: "application/json" } });
  if (answer.ok && !answer.redirected) known = (await answer.json()).facts;
  // Whoever types before they are here is not left without.
  if (field && document.activeElement === field) offer();
}

// The word before the caret: letters, digits, dots, and a quote where a value is begun.
function word() {
  const before = field.value.slice(0, field.selectionStart);
  return before.slice(before.search(/[A-Za-z_][\w.]*$|$/));
}

function candidates() {
  const before = field.value.slice(0, field.selectionStart);
  const value = /([a-z_]+\.[a-z_]+)\s*(?:==|!=)\s*"(\w*)$/.exec(before) || /([a-z_]+\.[a-z_]+)\s+in\s+\[[^\]]*"(\w*)$/.exec(before);
  if (value) {
    const fact = known.find((one) => one.name === value[1]);
    return (fact ? fact.choices : []).filter((one) => one.startsWith(value[2]) && one !== value[2])
      .map((one) => ({ insert: one, typed: value[2].length, label: one, hint: fact.name }));
  }
  const typed = word();
  if (typed.length < 2) return [];
  return known.filter((one) => one.name.startsWith(typed) && one.name !== typed)
    .map((one) => ({ insert: one.name, typed: typed.length, label: one.name, hint: `${one.type}: ${one.sentence}` }));
}

function offer() {
  offered = known ? candidates().slice(0, 40) : [];
  chosen = -1;
  box.replaceChildren(...offered.map((one, number) => {
    const item = document.createElement("li");
    item.id = `offer-${number}`;
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
  if (!box.hidden) place();
  mark();
}

// Below the line that is written in, as far as the field shows it.
function place() {
  const frame = field.getBoundingClientRect();
  const style = getComputedStyle(field);
  const lines = field.value.slice(0, field.selectionStart).split("\n").length;
  const inside = lines * parseFloat(style.lineHeight) + parseFloat(style.paddingTop) - field.scrollTop;
  const top = frame.top + Math.min(Math.max(inside, 24), frame.height) + 4;
  const room = document.documentElement.clientWidth - box.offsetWidth - 16;
  box.style.top = `${top + window.scrollY}px`;
  box.style.left = `${Math.max(16, Math.min(frame.left + 24, room)) + window.scrollX}px`;
}

function mark() {
  [...box.children].forEach((item, number) => item.setAttribute("aria-selected", String(number === chosen)));
  if (chosen >= 0) {
    field.setAttribute("aria-activedescendant", `offer-${chosen}`);
    box.children[chosen].scrollIntoView({ block: "nearest" });
  } else field.removeAttribute("aria-activedescendant");
}

function take(number) {
  const one = offered[number];
  const end = field.selectionStart;
  field.setRangeText(one.insert, end - one.typed, end, "end");
  close();
  field.dispatchEvent(new Event("input", { bubbles: true }));
  close();
}

function close() {
  box.hidden = true;
  offered = [];
  if (!field) return;
  field.removeAttribute("aria-activedescendant");
}

function key(event) {
  if (!offered.length || !event.target.matches("[data-complete]")) return;
  if (event.key === "Escape") {
    event.preventDefault();
    close();
  } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    chosen = (chosen + (event.key === "ArrowDown" ? 1 : -1) + offered.length) % offered.length;
    mark();
  } else if (event.key === "Enter" && chosen >= 0) {
    event.preventDefault();
    take(chosen);
  } else if (event.key === "Tab") close();
}

// Fields are replaced as the text changes, so that the page listens and not they.
function ready(event) {
  if (!event.target.matches?.("[data-complete]")) return;
  if (known === null) load();
  field = event.target;
  field.setAttribute("aria-autocomplete", "list");
  field.setAttribute("aria-haspopup", "listbox");
  field.setAttribute("aria-controls", box.id);
}

function go(event) {
  const button = event.target.closest?.("[data-line]");
  if (!button) return;
  const text = document.getElementById("yaml");
  const lines = text.value.split("\n").slice(0, Number(button.dataset.line) - 1);
  const at = lines.reduce((sum, line) => sum + line.length + 1, 0) + Number(button.dataset.column) - 1;
  text.focus();
  text.setSelectionRange(at, at);
  const height = parseFloat(getComputedStyle(text).lineHeight);
  text.scrollTop = Math.max(0, (lines.length - 4) * height);
}

// An answer that comes late never takes away what is being typed: the next one brings both together.
document.addEventListener("htmx:oobBeforeSwap", (event) => {
  if (event.detail.target.contains(document.activeElement)) event.detail.shouldSwap = false;
});
document.addEventListener("focusin", ready);
document.addEventListener("input", (event) => {
  if (event.target.matches?.("[data-complete]")) { field = event.target; offer(); }
});
document.addEventListener("keydown", key);
document.addEventListener("focusout", () => setTimeout(close, 150));
document.addEventListener("click", go);
