// The drawing of an answer: laid out by the server, more of it by a request for each asset that is clicked.

const MOST = 150;
const WIDE = 160, HIGH = 38, ACROSS = 210, DOWN = 58;
const box = document.getElementById("drawing");
const said = document.getElementById("said");
const first = JSON.parse(document.getElementById("picture").textContent);
const answer = document.getElementById("answer");

function cut(text) {
  return text.length > 25 ? `${text.slice(0, 11)}…${text.slice(-13)}` : text;
}

function words(dot) {
  return dot.asset === null ? dot.label : `${cut(dot.label)}\n${dot.kind.replaceAll("_", " ")}`;
}

function node(dot, position = { x: dot.x, y: dot.y }) {
  const classes = [dot.start && "start", dot.exposure === "internet" && "internet", dot.kind === "data_class" && "data", dot.asset === null && "many"];
  return { group: "nodes", data: { ...dot, words: words(dot) }, position, classes: classes.filter(Boolean).join(" ") };
}

function edge(line) {
  return {
    group: "edges",
    data: { ...line, id: `${line.source} ${line.kind} ${line.target}` },
    classes: line.kind ? "" : "gap",
  };
}

function style() {
  const of = getComputedStyle(document.documentElement);
  const colour = (name) => of.getPropertyValue(`--${name}`).trim();
  const line = { "curve-style": "bezier", width: 1.5, "line-color": colour("control"), "target-arrow-color": colour("control"), "target-arrow-shape": "triangle", "arrow-scale": 0.8 };
  return [
    {
      selector: "node",
      style: {
        shape: "round-rectangle", width: WIDE, height: HIGH, "background-color": colour("surface"), "border-width": 1, "border-color": colour("control"),
        label: "data(words)", color: colour("ink"), "font-family": getComputedStyle(document.body).fontFamily, "font-size": 11.5, "line-height": 1.25,
        "text-valign": "center", "text-halign": "center", "text-wrap": "wrap", "text-max-width": WIDE * 2,
      },
    },
    { selector: "node.many", style: { "border-style": "dashed" } },
    { selector: "node.data", style: { "border-color": colour("high"), "border-width": 2 } },
    { selector: "node.internet", style: { "border-color": colour("critical"), "border-width": 2 } },
    { selector: "node.start", style: { "background-color": colour("accent-soft"), "border-color": colour("accent"), "border-width": 2 } },
    { selector: "node.at", style: { "border-color": colour("accent"), "border-width": 4 } },
    { selector: "edge", style: line },
    { selector: "edge.gap", style: { "line-style": "dashed", "target-arrow-shape": "none" } },
    { selector: "edge.at", style: { "line-color": colour("accent"), "target-arrow-color": colour("accent"), width: 3 } },
    { selector: "core", style: { "active-bg-opacity": 0 } },
  ];
}

const graph = window.cytoscape({
  container: box,
  elements: [...first.dots.map((dot) => node(dot)), ...first.lines.map(edge)],
  layout: { name: "preset" },
  style: style(),
  maxZoom: 1.6,
  minZoom: 0.1,
  boxSelectionEnabled: false,
  userZoomingEnabled: false,
});

// The wheel scrolls the page until somebody works in the drawing.
box.addEventListener("pointerdown", () => graph.userZoomingEnabled(true));
box.addEventListener("pointerleave", () => graph.userZoomingEnabled(false));

function fit() {
  // As high as the drawing needs, as far as the window has it.
  const { w, h } = graph.elements().boundingBox();
  const scale = Math.min(1, (box.clientWidth - 48) / w);
  box.style.height = `${Math.round(Math.min(Math.max(h * scale + 64, 180), innerHeight * 0.72))}px`;
  graph.resize();
  graph.fit(undefined, 24);
  // Words that nobody can read help nobody: rather a part of the drawing, from its start.
  if (graph.zoom() < 0.5) {
    graph.zoom(0.75);
    const begin = graph.nodes(".at").nonempty() ? graph.nodes(".at").first() : graph.nodes(".start").nonempty() ? graph.nodes(".start").first() : graph.nodes().first();
    const place = begin.position();
    graph.pan({ x: (graph.nodes(".at").nonempty() ? box.clientWidth / 2 : 100) - place.x * 0.75, y: box.clientHeight / 2 - place.y * 0.75 });
  }
}

function mark(elements) {
  graph.elements(".at").removeClass("at");
  elements.addClass("at");
}

function rowOf(asset) {
  return answer?.querySelector(`[data-asset="${asset}"]`);
}

function show(target) {
  mark(target);
  answer?.querySelectorAll(".at").forEach((row) => row.classList.remove("at"));
  const assets = target.data("asset") === null ? target.data("members") : [target.data("asset")];
  const rows = assets.map(rowOf).filter(Boolean);
  rows.forEach((row) => row.classList.add("at"));
  rows[0]?.scrollIntoView({ block: "nearest" });
}

function tell(text, place = "") {
  said.textContent = text;
  if (place) {
    const link = document.createElement("a");
    link.href = place;
    link.className = "linked";
    link.textContent = "Open it";
    said.append(" ", link);
  }
}

// New neighbours stand in a column beside the asset: after it where it leads to them, before it where they lead to it.
function grow(target, found) {
  const room = MOST - graph.nodes().length;
  const drawn = new Set(graph.nodes(".many").map((one) => one.data("members")).flat());
  const fresh = found.dots.filter((dot) => graph.getElementById(dot.id).empty()
    && !(dot.asset === null ? dot.members : [dot.asset]).some((number) => drawn.has(number)));
  const added = fresh.slice(0, Math.max(0, room));
  const sides = { after: [], before: [] };
  for (const dot of added) {
    const leads = found.lines.some((line) => line.source === target.id() && line.target === dot.id);
    sides[leads ? "after" : "before"].push(dot);
  }
  const { x, y } = target.position();
  for (const [side, dots] of Object.entries(sides)) {
    const column = x + (side === "after" ? ACROSS : -ACROSS);
    const taken = graph.nodes().filter((one) => Math.abs(one.position("x") - column) < WIDE).map((one) => one.position("y"));
    let height = y - ((dots.length - 1) * DOWN) / 2;
    for (const dot of dots) {
      while (taken.some((other) => Math.abs(other - height) < HIGH + 8)) height += DOWN;
      taken.push(height);
      graph.add(node({ ...dot, start: false }, { x: column, y: height }));
      height += DOWN;
    }
  }
  graph.add(found.lines.map(edge).filter((one) => graph.getElementById(one.data.source).nonempty()
    && graph.getElementById(one.data.target).nonempty() && graph.getElementById(one.data.id).empty()));
  fit();
  const left = found.left_out + fresh.length - added.length;
  const more = left ? `; ${left} more have no room: open it for all` : "";
  tell(`${target.data("label")}: ${added.length ? `${added.length} more` : "nothing more"} next to it${more}.`, target.data("page"));
}

graph.on("tap", "node", async ({ target }) => {
  show(target);
  if (target.data("asset") === null) {
    tell(`${words(target.data())}: the list names them.`);
    return;
  }
  if (!target.data("page")) {
    tell(`${target.data("label")} belongs to everybody.`);
    return;
  }
  const place = new URL(box.dataset.near.replace("/0.json", `/${target.data("asset")}.json`), location.href);
  if (box.dataset.at) place.searchParams.set("at", box.dataset.at);
  const response = await fetch(place, { headers: { Accept: "application/json" } });
  if (!response.ok) {
    tell("That could not be loaded; try again.");
    return;
  }
  grow(target, await response.json());
});

graph.on("mouseover", "edge", ({ target }) => {
  mark(target);
  const { kind, said: who, confidence } = target.data();
  const [from, to] = [target.source().data("label"), target.target().data("label")];
  tell(kind ? `${from} ${kind} ${to}, says ${who}${confidence < 1 ? ` (${confidence})` : ""}` : `Between ${from} and ${to} are other assets.`);
});
graph.on("mouseout", "edge", ({ target }) => target.removeClass("at"));
graph.on("mouseover", "node", ({ target }) => {
  const { label, kind, owner, exposure } = target.data();
  if (target.data("asset") !== null) tell([label, kind.replaceAll("_", " "), exposure, owner && `owned by ${owner}`].filter(Boolean).join(" · "));
});

for (const happening of ["focusin", "mouseover"]) {
  answer?.addEventListener(happening, (event) => {
    const row = event.target.closest("[data-asset]");
    const number = Number(row?.dataset.asset);
    if (row) mark(graph.nodes().filter((one) => one.data("asset") === number || one.data("members")?.includes(number)));
  });
}

for (const button of document.querySelectorAll("[data-zoom]")) {
  button.addEventListener("click", () => graph.zoom({
    level: graph.zoom() * Number(button.dataset.zoom), renderedPosition: { x: box.clientWidth / 2, y: box.clientHeight / 2 },
  }));
}
document.querySelector("[data-fit]").addEventListener("click", () => graph.fit(undefined, 24));
document.querySelector("[data-again]").addEventListener("click", () => {
  graph.elements().remove();
  graph.add([...first.dots.map((dot) => node(dot)), ...first.lines.map(edge)]);
  fit();
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => graph.style(style()));

fit();
box.dataset.ready = "true";
