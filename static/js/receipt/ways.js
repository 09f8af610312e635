/** The table of a receipt's candidates: what was chosen from, and why not the others. */

import { dot, el } from "../dom.js";
import * as format from "../format.js";

const FIRST_ROWS = 8;
const COLUMNS = ["way", "predicted", "bytes", "accuracy"];

/** @param {any[]} candidates */
export function table(candidates) {
  const rows = inOrder(candidates);
  const shown = rows.slice(0, FIRST_ROWS);
  const several = new Set(candidates.map((one) => one.edge).filter(Boolean)).size > 1;
  const row = (candidate) => rowOf(candidate, several && candidate.edge);
  const body = el("tbody", {}, shown.map(row));
  const rest = rows.length - shown.length;
  const more = rest > 0 && el("button", { type: "button", class: "small more", onclick: () => {
    body.append(...rows.slice(FIRST_ROWS).map(row));
    more.remove();
  } }, `Show ${rest} more`);
  const head = COLUMNS.map((name) => el("th", { scope: "col" }, name));
  return [el("div", { class: "scroll" }, el("table", {}, el("thead", {}, el("tr", {}, head)), body)), more];
}

/** The chosen one, the best of every other route, then the rest: so that the first rows compare the routes. */
function inOrder(candidates) {
  const sorted = [...candidates].sort(byMerit);
  const best = sorted.filter((one, index) => sorted.findIndex((other) => other.route === one.route) === index);
  return [...best, ...sorted.filter((one) => !best.includes(one))];
}

/** What was chosen or allowed before what was not, the fastest first. */
function byMerit(a, b) {
  return b.chosen - a.chosen || b.allowed - a.allowed || (a.predicted_ms ?? Infinity) - (b.predicted_ms ?? Infinity);
}

/** @param {any} candidate @param {?string} edge its name, where there are several */
function rowOf(candidate, edge) {
  const notes = [edge && `at ${edge}`, remark(candidate), !candidate.allowed && candidate.why_not].filter(Boolean);
  return el("tr", { class: candidate.chosen ? "won" : candidate.allowed ? null : "refused", title: parts(candidate) },
    el("td", {}, dot(format.placeOf(candidate.route)), format.way(candidate),
      candidate.ready && !candidate.held && el("span", { class: "ready" }, " · ready"),
      candidate.chosen && el("span", { class: "visually-hidden" }, " (chosen)"),
      notes.map((note) => el("span", { class: "reason" }, note))),
    el("td", {}, candidate.predicted_ms === null ? "unknown" : format.ms(candidate.predicted_ms)),
    el("td", {}, candidate.refine_to ? `≈ ${format.count(candidate.uplink_bytes)}` : format.count(candidate.uplink_bytes)),
    el("td", {}, candidate.accuracy === null ? "–" : format.percent(candidate.accuracy)));
}

/** What its numbers do not say. */
function remark({ held, refine_to: to }) {
  return held ? "still at the edge" : to && "bytes and accuracy on average";
}

/** Where its time would go; earlier receipts do not tell. */
function parts({ route, ready, device_ms: device, edge_ms: edge }) {
  if (typeof device !== "number") return null;
  const known = ready ? "The device has computed these features already: " : "";
  return known + (route === "device" ? `device ${format.ms(device)}` : `device ${format.ms(device)}, edge ${format.ms(edge)}, the rest link and waiting`);
}
