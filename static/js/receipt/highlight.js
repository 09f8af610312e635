/** Where the model looked: the photo, darker where nothing spoke for the answer. */

import { call } from "../api.js";
import { el, sentence } from "../dom.js";
import { gettext } from "../i18n.js";
import { entry } from "../labels.js";

const DARKEST = 0.72; // opacity of the veil where the map is 0

/** @param {any} receipt @param {import("./receipt.js").Place} place @param {(name: string) => object} remembered @returns {?HTMLElement} */
export function highlight(receipt, place, remembered) {
  if (!place.photo || !receipt.answer || receipt.model || receipt.absent || receipt.crop || !entry("tasks", receipt.task).highlights) return null;
  const shown = el("div", { class: "looked" });
  const box = el("details", { class: "left", ...remembered("looked") }, el("summary", {}, gettext("Where it looked")), shown);
  // Loaded on demand: it costs a node time.
  const open = async () => {
    if (!box.open || shown.querySelector("figure")) return;
    shown.replaceChildren(...(await load(place)));
  };
  box.addEventListener("toggle", open);
  open();
  return box;
}

async function load({ turn, step, photo }) {
  try {
    const { rows, answer, node } = await call("GET", `/api/v1/turns/${turn}/steps/${step}/highlight`);
    const places = `${rows.length} × ${rows.length}`;
    const words = gettext("Bright places spoke for “%(answer)s”, computed on %(node)s. The map has %(places)s places: it is no outline, and the model may be right for the wrong reason.", { answer, node, places });
    return [
      el("figure", { style: `aspect-ratio: ${photo.width} / ${photo.height}` },
        el("img", { src: `${photo.url}?small=1`, alt: gettext("The photo, brighter where the model looked for “%(answer)s”", { answer }) }), veil(rows)),
      el("p", { class: "hint" }, words),
    ];
  } catch (error) {
    return [el("p", { class: "note" }, sentence(error))];
  }
}

/** One canvas pixel for each place; the browser enlarges it smoothly. @param {number[][]} rows */
function veil(rows) {
  const canvas = /** @type {HTMLCanvasElement} */ (el("canvas", { "width": rows.length, "height": rows.length, "aria-hidden": "true" }));
  const context = canvas.getContext("2d");
  rows.forEach((row, y) => row.forEach((value, x) => {
    if (!context) return;
    context.fillStyle = `rgb(0 0 0 / ${DARKEST * (1 - value)})`;
    context.fillRect(x, y, 1, 1);
  }));
  return canvas;
}
