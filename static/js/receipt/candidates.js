/** The table of a receipt's candidates: the one chosen, and why not the others. */

import { dot, el } from "../dom.js";
import * as format from "../format.js";
import { gettext } from "../i18n.js";
import { label } from "../labels.js";

const FIRST_ROWS = 8;
/** @type {Record<string, string>} */
const COLUMNS = { method: gettext("method"), predicted: gettext("predicted"), bytes: gettext("bytes"), accuracy: gettext("accuracy") };

/** @param {any[]} candidates @param {string} [measuredBy] what their accuracies are */
export function table(candidates, measuredBy = "labels") {
  const rows = inOrder(candidates);
  const shown = rows.slice(0, FIRST_ROWS);
  const several = new Set(candidates.map((candidate) => candidate.edge).filter(Boolean)).size > 1;
  const row = (candidate) => rowOf(candidate, several && candidate.edge);
  const body = el("tbody", {}, shown.map(row));
  const rest = rows.length - shown.length;
  /** @type {HTMLElement | false} */
  const more = rest > 0 && el("button", { type: "button", class: "small more", onclick: () => {
    body.append(...rows.slice(FIRST_ROWS).map(row));
    if (more) more.remove();
  } }, gettext("Show %(count)s more", { count: rest }));
  const head = Object.entries(COLUMNS).map(([name, words]) => el("th", { scope: "col" }, name === "accuracy" && measuredBy === "agreement" ? gettext("same answer") : words));
  return [el("div", { class: "scroll" }, el("table", {}, el("thead", {}, el("tr", {}, head)), body)), more];
}

/** The chosen one, the best of every other route, then the rest, so that the first rows compare the routes. */
function inOrder(candidates) {
  const sorted = [...candidates].sort(byMerit);
  const best = sorted.filter((candidate, index) => sorted.findIndex((other) => other.route === candidate.route) === index);
  return [...best, ...sorted.filter((candidate) => !best.includes(candidate))];
}

/** Chosen first, then allowed, then by predicted time. */
function byMerit(a, b) {
  return Number(b.chosen) - Number(a.chosen) || Number(b.allowed) - Number(a.allowed) || (a.predicted_ms ?? Infinity) - (b.predicted_ms ?? Infinity);
}

/** @param {any} candidate @param {?string} edge its name, if there are several */
function rowOf(candidate, edge) {
  const notes = [format.settings(candidate), edge && gettext("on %(node)s", { node: edge }), remark(candidate), !candidate.allowed && candidate.why_not].filter(Boolean);
  return el("tr", { class: candidate.chosen ? "won" : candidate.allowed ? null : "refused", title: parts(candidate) },
    el("td", {}, dot(format.placeOf(candidate.route)), label("routes", candidate.route),
      candidate.ready && !candidate.held && el("span", { class: "ready" }, ` · ${gettext("ready")}`),
      candidate.chosen && el("span", { class: "visually-hidden" }, ` (${gettext("chosen")})`),
      notes.map((note) => el("span", { class: "reason" }, note))),
    el("td", {}, candidate.predicted_ms === null ? gettext("unknown") : format.ms(candidate.predicted_ms)),
    el("td", {}, candidate.refine_to ? `≈ ${format.count(candidate.uplink_bytes)}` : format.count(candidate.uplink_bytes)),
    el("td", {}, candidate.accuracy === null ? "–" : format.percent(candidate.accuracy)));
}

/** What the numbers leave out. */
function remark({ held, refine_to: to }) {
  return held ? gettext("features cached on the edge") : to && gettext("bytes and accuracy are averages");
}

/** Where its time would go; receipts of earlier versions lack this. */
function parts({ route, ready, device_ms: device, edge_ms: edge }) {
  if (typeof device !== "number") return null;
  const values = { device: format.ms(device), edge: format.ms(edge) };
  const times = route === "device" ? gettext("device %(device)s", values) : gettext("device %(device)s, edge %(edge)s, the rest is link and waiting", values);
  return ready ? gettext("Features already computed on the device: %(times)s", { times }) : times;
}
