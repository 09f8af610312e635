/** The text that was read in a photo: its lines as text that can be selected and copied, and where each one stands. */

import { copyButton } from "../copy.js";
import { el, svg } from "../dom.js";
import { gettext, ngettext } from "../i18n.js";

/**
 * @param {any} receipt @param {import("./receipt.js").Place} place
 * @param {(name: string) => Record<string, any>} remembered
 * @returns {?HTMLElement} null for a task that reads no text, and where there is none
 */
export function readText(receipt, place, remembered) {
  const lines = receipt.lines ?? [];
  if (!lines.length) return null;
  const known = lines.filter((line) => line.text), text = known.map((line) => line.text).join("\n");
  const list = el("ol", { class: "read-lines" }, known.map((line) => el("li", {}, line.text)));
  return el("section", { class: "read-text", "aria-label": gettext("Text in the photo") },
    known.length > 0 && el("div", { class: "head" }, el("b", {}, counted(known.length)), copyButton(text)),
    known.length > 0 && list,
    onPhoto(receipt, lines, place, remembered));
}

/** @param {number} count */
const counted = (count) => ngettext("%(count)s line of text", "%(count)s lines of text", count);

/** The photo with a box around every line, loaded when it is opened. Where the server has no copy there is nothing to draw on. */
function onPhoto(receipt, lines, place, remembered) {
  const id = place.photo && (receipt.photo ?? place.photo.id);
  if (!id || receipt.on_server === false) return null;
  const shown = el("div", { class: `on-photo ${receipt.edge ? "edge" : "device"}` });
  const box = el("details", { ...remembered("lines") }, el("summary", { "data-key": "lines" }, gettext("Show on the photo")), shown);
  const open = () => {
    if (!box.open || shown.childElementCount) return;
    shown.append(el("img", { src: `/photos/${id}/`, alt: gettext("The photo, with a box around each line of text") }), boxes(lines));
  };
  box.addEventListener("toggle", open);
  open();
  return box;
}

/** Scaled with the photo: edges are fractions of its sides. @param {any[]} lines */
function boxes(lines) {
  return svg("svg", { viewBox: "0 0 1 1", preserveAspectRatio: "none", "aria-hidden": "true" }, lines.map((line) =>
    svg("rect", {
      class: line.text ? null : "unread", x: line.left, y: line.top, width: line.right - line.left, height: line.bottom - line.top,
      "vector-effect": "non-scaling-stroke",
    }, svg("title", {}, line.text || gettext("could not be read")))));
}
