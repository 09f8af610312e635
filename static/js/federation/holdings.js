/** Who holds what: a row per client, a column per class, darker where it holds more. */

import { el } from "../dom.js";
import * as format from "../format.js";

/** @param {?{classes: string[], clients: number[][]}} told examples by client, then by class */
export function holdings(told) {
  if (!told) return [el("p", { class: "empty" }, "Counted when the run begins: how many examples of each class each client holds.")];
  const most = Math.max(1, ...told.clients.flat());
  const head = el("tr", {}, el("th", {}), told.classes.map((name) => el("th", { scope: "col" }, name)), el("th", { scope: "col" }, "in all"));
  const body = told.clients.map((counts, client) => el("tr", {},
    el("th", { scope: "row" }, `client ${client + 1}`),
    counts.map((count) => el("td", { class: count ? "" : "none", style: `--part: ${(count / most).toFixed(3)}` }, format.count(count))),
    el("td", { class: "total" }, format.count(counts.reduce((sum, count) => sum + count, 0)))));
  return [el("table", { class: "heat" }, el("thead", {}, head), el("tbody", {}, body))];
}
