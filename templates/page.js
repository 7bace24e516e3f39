// Follows the reader. The page works without it: every link leads somewhere by itself.
"use strict";
const links = new Map([...document.querySelectorAll("nav a[href^='#']")].map((link) => [link.hash.slice(1), link]));
const heads = [...document.querySelectorAll("main h2[id], main h3[id]")].filter((head) => links.has(head.id));
const languages = document.querySelectorAll("header a[hreflang]");
const contents = document.querySelector("nav details");
const wide = matchMedia("(min-width: 75rem)");

function follow() {
  const passed = heads.filter((head) => head.getBoundingClientRect().top < innerHeight / 3);
  const here = passed.at(-1);
  for (const link of links.values()) link.removeAttribute("aria-current");
  if (here) {
    const link = links.get(here.id);
    link.setAttribute("aria-current", "location");
    if (wide.matches) link.scrollIntoView({ block: "nearest" });
  }
  for (const language of languages) language.hash = here ? here.id : "";
}

function unfold() {
  const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  for (let fold = target.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
  target.scrollIntoView();
}

function shape() {
  contents.open = wide.matches;
}

let waiting = false;
addEventListener("scroll", () => {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => { waiting = false; follow(); });
}, { passive: true });
addEventListener("hashchange", unfold);
addEventListener("beforeprint", () => { contents.open = true; });
addEventListener("afterprint", shape);
wide.addEventListener("change", shape);

// Replays a run: the lines of its terminals as they came, with a line through its timeline at the time they came at.
const words = document.querySelector("main").dataset;
const LONGEST = 12; // seconds that a replay takes at most

class Screen {
  constructor(figure) {
    this.fold = figure.nextElementSibling;
    this.code = this.fold?.querySelector("code");
    let time = 0;
    this.times = figure.dataset.steps.split(",").map((step) => (time += Number(step)) / 100);
    this.button = document.createElement("button");
    this.button.type = "button";
    figure.querySelector("figcaption").append(" ", this.button);
  }
  begin() {
    this.whole = this.code.textContent;
    this.lines = this.whole.split("\n");
    this.fold.open = true;
    this.code.textContent = "";
    this.shown = 0;
  }
  at(time) {
    const from = this.shown;
    while (this.shown < this.times.length && this.times[this.shown] <= time) this.shown += 1;
    if (this.shown === from) return;
    this.code.append(this.lines.slice(from, this.shown).map((line) => `${line}\n`).join(""));
    this.code.parentElement.scrollTop = this.code.parentElement.scrollHeight;
  }
  end() {
    this.code.textContent = this.whole;
  }
}

class Cursor {
  constructor(figure) {
    this.svg = figure.querySelector("svg[data-axis]");
    [this.left, this.right, this.reach] = this.svg.dataset.axis.split(" ").map(Number);
  }
  begin() {
    this.line = document.createElementNS("http://www.w3.org/2000/svg", "line");
    this.line.setAttribute("class", "now");
    this.line.setAttribute("y2", this.svg.viewBox.baseVal.height);
    this.svg.append(this.line);
  }
  at(time) {
    const x = this.left + (this.right - this.left) * Math.min(1, Math.max(0, time / this.reach));
    this.line.setAttribute("x1", x);
    this.line.setAttribute("x2", x);
  }
  end() {
    this.line.remove();
  }
}

class Replay {
  constructor(run) {
    const shown = (attribute) => [...document.querySelectorAll(`figure[data-${attribute}="${CSS.escape(run)}"]`)];
    this.screens = shown("run").map((figure) => new Screen(figure)).filter((screen) => screen.code);
    this.parts = [...this.screens, ...shown("timeline").map((figure) => new Cursor(figure))];
    this.first = Math.min(...this.screens.map((screen) => screen.times[0]));
    this.last = Math.max(...this.screens.map((screen) => screen.times.at(-1)));
    this.faster = Math.max(1, (this.last - this.first) / LONGEST);
    for (const screen of this.screens) screen.button.addEventListener("click", () => this.toggle());
    this.name();
  }
  name() {
    for (const { button } of this.screens) button.textContent = this.frame ? `■ ${words.stop}` : `▶ ${words.play}`;
  }
  toggle() {
    if (this.frame) return this.end();
    for (const part of this.parts) part.begin();
    this.began = performance.now();
    this.step();
    this.name();
  }
  step() {
    const time = this.first + ((performance.now() - this.began) / 1000) * this.faster;
    for (const part of this.parts) part.at(time);
    this.frame = time < this.last ? requestAnimationFrame(() => this.step()) : this.end();
  }
  end() {
    cancelAnimationFrame(this.frame);
    this.frame = undefined;
    for (const part of this.parts) part.end();
    this.name();
  }
}

const captured = [...document.querySelectorAll("figure[data-steps]")].filter((figure) => figure.dataset.steps);
for (const run of new Set(captured.map((figure) => figure.dataset.run))) new Replay(run);
shape();
unfold();
follow();
