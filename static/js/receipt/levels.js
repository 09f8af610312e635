/** Answer, then refine: what each level said and what it took. */

import { dot, el } from "../dom.js";
import * as format from "../format.js";

/** @param {any} receipt @returns {?HTMLElement} nothing where one level was all there could be */
export function levels({ levels: used = [], candidates }) {
  const refineTo = candidates.find((one) => one.chosen)?.refine_to;
  if (!used.length || (used.length === 1 && !refineTo)) return null;
  const told = used.map((one, index) => [index > 0 && " → ", el("b", {}, `level ${one.level}`), `: ${amount(one.bytes, index)}, ${sure(one.confidence)}`]);
  const spared = used.length === 1 && `; level ${refineTo} was not needed`;
  return el("p", { class: "levels", title: "The edge answered from the first level, and asked for more only while it was not sure" }, dot("link"), told, spared);
}

const amount = (bytes, index) => `${format.count(bytes)} ${index ? "more " : ""}${bytes === 1 ? "byte" : "bytes"}`;
const sure = (confidence) => (typeof confidence === "number" ? `${Math.round(confidence * 100)} % sure` : "confidence unknown");
