/** Areas that scroll can be reached with the keyboard, and have the name of the heading above them. */

import { gettext } from "./i18n.js";

const AREAS = ".scroll, pre, aside";
const seen = new WeakSet();
const sizes = new ResizeObserver((entries) => entries.forEach(({ target }) => update(target)));

/** @param {Element} area */
function update(area) {
  const scrolls = area.scrollWidth > area.clientWidth + 1 || area.scrollHeight > area.clientHeight + 1;
  if (!scrolls || getComputedStyle(area).overflow === "visible") {
    if (area.getAttribute("data-reachable")) for (const name of ["tabindex", "data-reachable"]) area.removeAttribute(name);
    return;
  }
  if (area.hasAttribute("tabindex")) return;
  area.setAttribute("tabindex", "0");
  area.setAttribute("data-reachable", "true");
  if (!area.hasAttribute("role") && area.tagName !== "ASIDE") area.setAttribute("role", "group");
  if (!area.hasAttribute("aria-label") && !area.hasAttribute("aria-labelledby")) area.setAttribute("aria-label", nameOf(area));
}

/** @param {Element} area */
function nameOf(area) {
  const heading = area.closest("details")?.querySelector("summary") ?? area.closest("section, article, main")?.querySelector("h1, h2, h3");
  return heading?.textContent?.trim() || gettext("Scrolls sideways");
}

function find() {
  for (const area of document.querySelectorAll(AREAS)) {
    if (!seen.has(area)) {
      seen.add(area);
      sizes.observe(area);
      for (const inner of area.children) sizes.observe(inner);
    }
    update(area);
  }
}

let due = 0;
new MutationObserver(() => {
  due ||= window.setTimeout(() => {
    due = 0;
    find();
  }, 200);
}).observe(document.body, { childList: true, subtree: true });
find();
