/** Answer, then refine: bytes and confidence of each level. */

import { dot, el } from "../dom.js";
import * as format from "../format.js";

/** @param {any} receipt @returns {?HTMLElement} null unless a refinement was possible */
export function levels({ levels: used = [], candidates }) {
  const refineTo = candidates.find((level) => level.chosen)?.refine_to;
  if (!used.length || (used.length === 1 && !refineTo)) return null;
  const steps = used.map((level, index) => [index > 0 && " → ", el("b", {}, `level ${level.level}`), `: ${amount(level.bytes, index)}, ${certainty(level.confidence)}`]);
  const skipped = used.length === 1 && `; level ${refineTo} was not needed`;
  return el("p", { class: "levels", title: "The edge answered from the first level and requested more only while its confidence was too low" }, dot("link"), steps, skipped);
}

const amount = (bytes, index) => `${format.count(bytes)} ${index ? "more " : ""}${bytes === 1 ? "byte" : "bytes"}`;
const certainty = (confidence) => (typeof confidence === "number" ? `confidence ${confidence.toFixed(2)}` : "confidence unknown");
