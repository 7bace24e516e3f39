// Follows the reader. The page works without it: every link leads somewhere by itself.
"use strict";
const links = new Map([...document.querySelectorAll("nav a[href^='#']")].map((link) => [link.hash.slice(1), link]));
const heads = [...document.querySelectorAll("main h2[id], main h3[id]")].filter((head) => links.has(head.id));
const language = document.querySelector("header a[hreflang]");
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
  if (language) language.hash = here ? here.id : "";
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
shape();
unfold();
follow();
