// Imports at work: one stream of events for the rows of the page. Without it each row asks for itself every second.

let stream = null;
let listening = ""; // what the stream was asked for
let resting = false; // a stream has just ended or was refused: the rows ask for themselves for a while

const waiting = () => [...document.querySelectorAll("tr[data-import]")].filter((row) => row.dataset.import === "at-work")
  .map((row) => row.id.replace("import-", ""));

function listen() {
  const numbers = waiting();
  const wanted = new URLSearchParams(numbers.map((number) => ["id", number])).toString();
  if (wanted === listening && stream) return;
  stream?.close();
  stream = null;
  listening = wanted;
  if (!numbers.length) return;
  const mine = new EventSource(`${document.querySelector("[data-events]").dataset.events}?${wanted}`);
  stream = mine;
  mine.addEventListener("import", (event) => put(JSON.parse(event.data)));
  mine.addEventListener("end", () => { stop(mine); again(); });
  mine.addEventListener("error", () => { stop(mine); again(); });
}

function stop(one) {
  one.close();
  if (stream !== one) return;
  stream = null;
  listening = "";
}

// The history as the server has it; its rows at work ask for themselves until a stream is had again.
async function again() {
  if (!waiting().length) return;
  resting = true;
  setTimeout(() => { resting = false; listen(); }, 5000);
  await window.htmx.ajax("GET", location.pathname + location.search, { target: "#history", swap: "outerHTML" });
}

function put({ id, row }) {
  const old = document.getElementById(`import-${id}`);
  if (!old) return;
  const box = document.createElement("tbody");
  // The row comes from our own server, where every text of a report leaves a template escaped.
  box.innerHTML = row;
  old.replaceWith(box.firstElementChild);
}

document.body.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.id === "history" && !resting) listen();
});
listen();
