// On every page: navigation on a narrow screen, help, keys that lead elsewhere, and an expired session.

const root = document.documentElement;
root.classList.add("js");

// The keys after g are those of the navigation: a screen more needs no line here.
const places = Object.fromEntries([...document.querySelectorAll("#navigation a[data-key]")].map((one) => [one.dataset.key, one.href]));
let waiting = 0; // until when the second key of a pair counts

export function isTyping(event) {
  const target = event.target;
  return event.ctrlKey || event.metaKey || event.altKey || target.isContentEditable
    || target.matches("textarea, select, input:not([type=checkbox]):not([type=radio])")
    || document.querySelector("dialog[open]") !== null;
}

// The drawer of a narrow screen: Escape leads back to its button.
const side = document.querySelector(".side");
const menu = document.querySelector("[data-menu]");
const narrow = matchMedia("(max-width: 860px)");

// While it is open the drawer is a dialog, and the page behind it is out of reach.
function shut(closed) {
  const drawer = document.getElementById("drawer");
  const spoken = { role: "dialog", "aria-modal": "true", "aria-label": menu.textContent };
  for (const [name, value] of Object.entries(spoken)) {
    if (closed) drawer.setAttribute(name, value);
    else drawer.removeAttribute(name);
  }
  for (const part of document.getElementById("main").children) part.inert = closed;
}

function turn(open) {
  side.classList.toggle("open", open);
  menu.setAttribute("aria-expanded", String(open));
  shut(open);
  if (open) document.querySelector("#drawer button, #drawer a").focus();
  else menu.focus();
}

side?.addEventListener("keydown", (event) => {
  if (!side.classList.contains("open")) return;
  const stops = [menu, ...document.querySelectorAll("#drawer a, #drawer button")];
  if (event.key === "Escape") {
    event.preventDefault();
    turn(false);
  } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    const at = stops.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
    event.preventDefault();
    stops[(at + stops.length) % stops.length].focus();
  } else if (event.key === "Tab" && document.activeElement === (event.shiftKey ? stops[0] : stops.at(-1))) {
    event.preventDefault();
    (event.shiftKey ? stops.at(-1) : stops[0]).focus();
  }
});

// Back on a wide screen nothing is out of reach.
narrow.addEventListener("change", () => {
  if (narrow.matches || !side?.classList.contains("open")) return;
  side.classList.remove("open");
  menu.setAttribute("aria-expanded", "false");
  shut(false);
});

// The server writes times in the zone of the browser, for whoever has chosen none.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone && !document.cookie.split("; ").includes(`zone=${zone}`)) {
  document.cookie = `zone=${zone}; path=/; max-age=31536000; SameSite=Lax${location.protocol === "https:" ? "; Secure" : ""}`;
}

function help() {
  document.getElementById("help")?.showModal();
}

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-menu]")) turn(!side.classList.contains("open"));
  else if (side?.classList.contains("open") && !event.target.closest(".side-in")) turn(false);
  if (event.target.closest("[data-help]")) help();
});

document.addEventListener("keydown", (event) => {
  if (isTyping(event)) return;
  if (Date.now() < waiting && places[event.key]) {
    waiting = 0;
    location.assign(places[event.key]);
    event.preventDefault();
    event.stopImmediatePropagation();
    return;
  }
  waiting = event.key === "g" ? Date.now() + 1200 : 0;
  if (event.key === "?") {
    event.preventDefault();
    help();
  } else if (event.key === "u" && document.querySelector("[data-up]")) {
    goUp();
  }
}, true);

// Back to the list as it was, with its query, if that is where the person came from.
function goUp() {
  const up = document.querySelector("[data-up]").pathname;
  const from = document.referrer ? new URL(document.referrer) : null;
  if (from && from.origin === location.origin && from.pathname === up) history.back();
  else location.assign(up);
}

// A session that has ended answers a part of a page with the log-in: show it as a page.
document.body.addEventListener("htmx:beforeSwap", (event) => {
  const answered = event.detail.xhr.responseURL;
  if (answered && new URL(answered).pathname === "/login/") {
    event.detail.shouldSwap = false;
    location.reload();
  }
});
