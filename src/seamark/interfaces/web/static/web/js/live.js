// Numbers beside the navigation, and imports that end, while a page is looked at. Without a stream the page stays as it is.

const FIRST = 2000; // whoever only passes through takes no place
const REST = 20000; // between the end of a stream and the next one
let stream = null;
let refused = false;
let timer = 0;

function listen() {
  clearTimeout(timer);
  if (stream || refused || document.hidden) return;
  const mine = new EventSource("/live/");
  stream = mine;
  mine.addEventListener("counts", (event) => count(JSON.parse(event.data)));
  mine.addEventListener("import", (event) => tell(JSON.parse(event.data)));
  mine.addEventListener("end", () => { stop(); timer = setTimeout(listen, REST); });
  mine.addEventListener("error", () => { stop(); refused = true; });
}

function stop() {
  clearTimeout(timer);
  stream?.close();
  stream = null;
}

function count(numbers) {
  for (const [address, number] of Object.entries(numbers)) {
    const place = document.querySelector(`#navigation a[href="${CSS.escape(address)}"] .n`);
    if (place && place.textContent !== number) place.textContent = number;
  }
}

function tell({ words, address, look }) {
  const notice = document.createElement("div");
  notice.className = "notice";
  const text = document.createElement("span");
  text.textContent = `${words} `;
  const link = document.createElement("a");
  link.className = "linked";
  link.href = address;
  link.textContent = look;
  text.append(link);
  notice.append(text);
  document.querySelector("main [role=status]")?.append(notice);
}

document.addEventListener("visibilitychange", () => { if (document.hidden) stop(); else timer = setTimeout(listen, FIRST); });
window.addEventListener("pagehide", stop);
timer = setTimeout(listen, FIRST);
