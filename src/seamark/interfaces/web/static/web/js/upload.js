// Reports one after the other, each with the progress of its way to the server.

function entry(list, file) {
  const item = document.createElement("li");
  const name = document.createElement("span");
  name.textContent = file.name;
  const state = document.createElement("span");
  state.textContent = "waiting";
  const bar = document.createElement("progress");
  bar.max = 100;
  bar.value = 0;
  bar.setAttribute("aria-label", `Upload of ${file.name}`);
  item.append(name, state, bar);
  list.append(item);
  return { item, state, bar };
}

function send(form, file, { state, bar }) {
  return new Promise((resolve) => {
    const data = new FormData(form);
    data.delete("reports");
    data.append("reports", file);
    const request = new XMLHttpRequest();
    request.open("POST", form.action);
    request.setRequestHeader("Accept", "application/json");
    request.upload.addEventListener("progress", (event) => {
      if (!event.lengthComputable) return;
      const percent = Math.round((100 * event.loaded) / event.total);
      bar.value = percent;
      state.textContent = percent < 100 ? `${percent} %` : "being kept";
    });
    request.addEventListener("load", () => resolve(outcome(request)));
    request.addEventListener("error", () => resolve("The connection was lost. Send it again: nothing is taken twice."));
    request.send(data);
  });
}

// Returns what went wrong, or nothing.
function outcome(request) {
  try {
    return JSON.parse(request.responseText).errors.join(" ");
  } catch {
    if (request.status === 413) return "The server refuses a file of this size.";
    return `The server answered ${request.status}. Reload the page and try again.`;
  }
}

// Sends what a form's chooser holds; `each` is called after every file, `done` at the end with how many were refused.
export function bind(form, each, done) {
  const chooser = form.querySelector("input[type=file]");
  const list = form.querySelector("[data-uploads]");
  const button = form.querySelector("[data-send]");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const files = [...chooser.files];
    list.replaceChildren();
    const entries = files.map((file) => entry(list, file));
    button.disabled = true;
    let refused = 0;
    for (const [number, file] of files.entries()) {
      const shown = entries[number];
      shown.state.textContent = "0 %";
      const wrong = await send(form, file, shown);
      shown.bar.remove();
      shown.state.className = wrong ? "chip bad" : "chip good";
      shown.state.textContent = wrong ? "refused" : "received";
      if (wrong) {
        refused += 1;
        const words = document.createElement("span");
        words.className = "sub";
        words.textContent = wrong;
        shown.item.append(words);
      }
      await each();
    }
    chooser.value = "";
    button.disabled = false;
    done(refused);
  });
}
