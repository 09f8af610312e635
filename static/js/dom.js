/** Builds elements without markup: text stays text, so no input can become a tag. */

const SVG = "http://www.w3.org/2000/svg";

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, any>} [props] `class`, `on…` listeners, booleans and attributes; null and false are left out
 * @param {...(Node|string|number|null|undefined|false|any[])} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function el(tag, props = {}, ...children) {
  return fill(document.createElement(tag), props, children);
}

/** The same for SVG. @param {string} tag @param {Record<string, any>} [props] @param {...any} children @returns {SVGElement} */
export function svg(tag, props = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), props, children);
}

/** The element of an id that the template has. @param {string} id @returns {any} */
export const byId = (id) => document.getElementById(id);

/** @param {string} selector @returns {HTMLElement[]} */
export const all = (selector) => [...document.querySelectorAll(selector)].filter((node) => node instanceof HTMLElement);

/** The JSON that the server put into this page. */
export function boot() {
  return JSON.parse(byId("boot").textContent);
}

/** A dot in the colour of a place: device, link, edge or none. @param {string} place */
export const dot = (place) => el("i", { class: `dot ${place}`, "aria-hidden": "true" });

/** The text of an error: what happened and what to do next. @param {any} error an ApiError */
export const sentence = (error) => [error.message, error.next].filter(Boolean).join(" ");

/** @template {Element} E @param {E} node @param {Record<string, any>} props @param {any[]} children @returns {E} */
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
