// Names behind an @ while somebody writes a comment: people who may see the issue, asked for as they type.

const box = document.createElement("ul");
box.id = "mention-offers";
box.className = "offers";
box.setAttribute("role", "listbox");
box.setAttribute("aria-label", "People");
box.hidden = true;
let field = null; // the text that is written in
let offered = [];
let chosen = 0;
let asked = 0; // the number of the latest question: earlier answers come too late
let pause = 0;

// The word at the caret, without its @, where there is one.
function word(text) {
  const found = /(?:^|[^\w@./+-])@([\w.@+-]{1,60})$/.exec(text.value.slice(0, text.selectionStart));
  return found ? found[1] : null;
}

function attach(text) {
  if (field === text) return;
  field = text;
  text.after(box);
  text.setAttribute("aria-controls", box.id);
  text.setAttribute("aria-autocomplete", "list");
}

function close() {
  box.hidden = true;
  offered = [];
  asked += 1;
  clearTimeout(pause);
  field?.removeAttribute("aria-activedescendant");
}

async function ask(typed) {
  asked += 1;
  const mine = asked;
  const answer = await fetch(`${field.dataset.mentions}?${new URLSearchParams({ q: typed })}`, { headers: { Accept: "application/json" } })
    .catch(() => null);
  if (mine !== asked) return;
  if (!answer?.ok || answer.redirected) { close(); return; }
  offered = (await answer.json()).people;
  chosen = 0;
  draw();
}

function draw() {
  box.replaceChildren(...offered.map((one, number) => {
    const item = document.createElement("li");
    item.id = `mention-${number}`;
    item.setAttribute("role", "option");
    item.setAttribute("aria-selected", String(number === chosen));
    const name = document.createElement("b");
    name.textContent = `@${one.name}`;
    const called = document.createElement("span");
    called.textContent = one.called;
    item.append(name, called);
    item.addEventListener("mousedown", (event) => { event.preventDefault(); take(number); });
    return item;
  }));
  box.hidden = offered.length === 0;
  if (offered.length) field.setAttribute("aria-activedescendant", `mention-${chosen}`);
}

function take(number) {
  const typed = word(field);
  const end = field.selectionStart;
  if (typed === null) return;
  const head = `${field.value.slice(0, end - typed.length)}${offered[number].name} `;
  field.value = head + field.value.slice(end);
  field.setSelectionRange(head.length, head.length);
  close();
}

document.addEventListener("input", (event) => {
  if (!event.target.matches("textarea[data-mentions]")) return;
  attach(event.target);
  const typed = word(field);
  clearTimeout(pause);
  if (typed === null) close();
  else pause = setTimeout(() => ask(typed), 120);
});

document.addEventListener("keydown", (event) => {
  if (!offered.length || event.target !== field) return;
  if (event.key === "Escape") {
    event.stopPropagation();
    close();
  } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    chosen = (chosen + (event.key === "ArrowDown" ? 1 : -1) + offered.length) % offered.length;
    draw();
  } else if (event.key === "Enter" || event.key === "Tab" && !event.shiftKey) {
    event.preventDefault();
    take(chosen);
  }
}, true);

document.addEventListener("focusout", (event) => {
  if (event.target === field) setTimeout(close, 150);
});
