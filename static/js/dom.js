/** Elements without markup: every text goes in as text, so nothing a stranger wrote can become a tag. */

const SVG = "http://www.w3.org/2000/svg";

/**
 * @param {string} tag
 * @param {Record<string, any>} [props] `class`, `on…` listeners, booleans and attributes; null and false are left out
 * @param {...(Node|string|number|null|undefined|false|any[])} children
 * @returns {HTMLElement}
 */
export function el(tag, props = {}, ...children) {
  return fill(document.createElement(tag), props, children);
}

/** The same for SVG. @returns {SVGElement} */
export function svg(tag, props = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), props, children);
}

/** @param {string} id @returns {any} */
export const byId = (id) => document.getElementById(id);

/** Read what the page was started with. */
export function boot() {
  return JSON.parse(byId("boot").textContent);
}

/** A dot in the colour of a place: device, link, edge or nothing. */
export const dot = (place) => el("i", { class: `dot ${place}`, "aria-hidden": "true" });

/** Show a UserError: its sentence and what to do next. @param {{message: string, next?: string}} error */
export const sentence = (error) => [error.message, error.next].filter(Boolean).join(" ");

function fill(node, props, children) {
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children.flat(3)) {
    if (child !== null && child !== undefined && child !== false) node.append(child instanceof Node ? child : String(child));
  }
  return node;
}
