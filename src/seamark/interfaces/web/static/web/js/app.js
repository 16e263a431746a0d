// On every page: navigation on a narrow screen, help, keys that lead elsewhere, and an expired session.

const root = document.documentElement;
root.classList.add("js");

const places = { h: "/", i: "/issues/", f: "/fixes/", s: "/suggestions/", a: "/applications/", t: "/assets/", r: "/graph/", m: "/imports/" };
let waiting = 0; // until when the second key of a pair counts

export function isTyping(event) {
  const target = event.target;
  return event.ctrlKey || event.metaKey || event.altKey || target.isContentEditable
    || target.matches("textarea, select, input:not([type=checkbox]):not([type=radio])")
    || document.querySelector("dialog[open]") !== null;
}

function help() {
  document.getElementById("help")?.showModal();
}

document.addEventListener("click", (event) => {
  const menu = event.target.closest("[data-menu]");
  if (menu) {
    const open = menu.closest(".side").classList.toggle("open");
    menu.setAttribute("aria-expanded", String(open));
  }
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
