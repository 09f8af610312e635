/** A finished receipt: drawing, facts, guesses, what was tried before, and why this way. */

import { dot, el } from "../dom.js";
import * as format from "../format.js";
import { drawing } from "./drawing.js";
import { facts } from "./facts.js";

const FIRST_ROWS = 8;

/**
 * @param {any} receipt @param {Set<string>} opened remembers across redrawings which details are open @param {number} step
 */
export function receiptOf(receipt, opened, step) {
  return [drawing(receipt), facts(receipt), guesses(receipt), tried(receipt), why(receipt, opened, `why-${step}`)].filter(Boolean);
}

function guesses({ task, top }) {
  if (task !== "classify" || !top?.length) return null;
  return el("div", { class: "guesses" }, "guesses", top.slice(0, 5).map(([label, p]) => el("span", { class: "chip" }, `${label} ${format.percent(p)}`)));
}

function tried({ fell_back_from: causes }) {
  if (!causes?.length) return null;
  return el("p", { class: "note fell-back" }, `Another way was tried first: ${causes.map((cause) => cause.why).join(" ")}`);
}

function why(receipt, opened, key) {
  const box = el("details", { class: "why", open: opened.has(key) }, el("summary", { "data-key": key }, "Why this way"),
    el("p", {}, receipt.reason), linkLine(receipt), table(receipt.candidates));
  box.addEventListener("toggle", () => (box.open ? opened.add(key) : opened.delete(key)));
  return box;
}

function linkLine({ link }) {
  if (link?.up_bytes_per_s === null || link?.up_bytes_per_s === undefined) return null;
  const age = link.age_s === null ? "" : `, measured ${format.seconds(link.age_s)} before by ${{ transfer: "transfers", probe: "a probe" }[link.source] ?? link.source}`;
  const rtt = link.rtt_ms === null ? "" : `, ${format.ms(link.rtt_ms)} round trip`;
  return el("p", { class: "hint" }, `The link then: ${format.rate(link.up_bytes_per_s)}${rtt}${age}.`);
}

function table(candidates) {
  const rows = inOrder(candidates);
  const shown = rows.slice(0, FIRST_ROWS);
  const body = el("tbody", {}, shown.map(row));
  const rest = rows.length - shown.length;
  const more = rest > 0 && el("button", { type: "button", class: "small more", onclick: () => {
    body.append(...rows.slice(FIRST_ROWS).map(row));
    more.remove();
  } }, `Show ${rest} more`);
  const head = ["way", "predicted", "bytes", "accuracy"].map((name) => el("th", { scope: "col" }, name));
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

function row(candidate) {
  const reason = !candidate.allowed && candidate.why_not;
  return el("tr", { class: candidate.chosen ? "won" : candidate.allowed ? null : "refused" },
    el("td", {}, dot(format.placeOf(candidate.route)), format.way(candidate), candidate.chosen && el("span", { class: "visually-hidden" }, " (chosen)"), reason && el("span", { class: "reason" }, reason)),
    el("td", {}, candidate.predicted_ms === null ? "unknown" : format.ms(candidate.predicted_ms)),
    el("td", {}, format.count(candidate.uplink_bytes)),
    el("td", {}, candidate.accuracy === null ? "–" : format.percent(candidate.accuracy)));
}
