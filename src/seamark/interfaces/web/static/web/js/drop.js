// Reports may be dropped anywhere: on the page of imports into its form, elsewhere into a dialog that asks where they belong.

import { bind } from "./upload.js";

const veil = document.getElementById("veil");
const dialog = document.getElementById("drop");
const onPage = document.querySelector("[data-upload]");
const form = onPage ?? dialog.querySelector("form[enctype]");
let inside = 0; // how many elements the pointer has entered and not left: it enters children before it leaves their parent

const carries = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");

function over(shown) {
  veil.hidden = !shown;
  if (!shown) inside = 0;
}

document.addEventListener("dragenter", (event) => {
  if (!carries(event)) return;
  event.preventDefault();
  inside += 1;
  over(true);
});
document.addEventListener("dragover", (event) => { if (carries(event)) event.preventDefault(); });
document.addEventListener("dragleave", (event) => {
  if (!carries(event)) return;
  inside -= 1;
  if (inside <= 0) over(false);
});
document.addEventListener("drop", (event) => {
  if (!carries(event)) return;
  event.preventDefault();
  over(false);
  take(event.dataTransfer.files);
});

function take(files) {
  if (!files.length) return;
  form.querySelector("input[type=file]").files = files;
  if (onPage) {
    form.scrollIntoView({ block: "start" });
    form.elements.application.focus();
    return;
  }
  names();
  const listed = dialog.querySelector("[data-uploads]");
  listed.replaceChildren(...[...files].map((file) => {
    const item = document.createElement("li");
    item.textContent = file.name;
    return item;
  }));
  if (!dialog.open) dialog.showModal();
  form.elements.application.focus();
}

async function names() {
  const answer = await fetch(dialog.dataset.names, { headers: { Accept: "application/json" } });
  if (!answer.ok || answer.redirected) return;
  const choices = dialog.querySelector("datalist");
  choices.replaceChildren(...(await answer.json()).applications.map((name) => {
    const choice = document.createElement("option");
    choice.value = name;
    return choice;
  }));
}

if (onPage) bind(onPage, () => window.htmx.ajax("GET", location.pathname, { target: "#history", swap: "outerHTML" }), () => {});
else bind(form, () => {}, (refused) => { if (!refused) location.assign(form.action); });
