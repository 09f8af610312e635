/** A finished receipt: drawing, facts, guesses, fallbacks, the reason for the choice, what-if and reconstruction. */

import { el } from "../dom.js";
import * as format from "../format.js";
import { entry } from "../labels.js";
import { table } from "./candidates.js";
import { drawing } from "./drawing.js";
import { confidenceText } from "./certainty.js";
import { facts } from "./facts.js";
import { highlight } from "./highlight.js";
import { levels } from "./levels.js";
import { readText } from "./read-text.js";
import { reconstruction } from "./reconstruction.js";
import { spans } from "./span-list.js";
import { whatIf } from "./what-if-panel.js";

/**
 * @typedef {{turn: string, step: number, photo: ?any, reconstruction: any[], opened: Set<string>}} Place the context of a receipt:
 *   `reconstruction` is the quality table of the model card, `opened` the details that stay open when it is rendered again
 */

/** @param {any} receipt @param {Place} place @returns {HTMLElement[]} */
export function receiptOf(receipt, place) {
  const remembered = (name) => remember(place.opened, `${name}-${place.step}`);
  return [
    readText(receipt, place, remembered),
    drawing(receipt), spans(receipt.actual_ms), levels(receipt), facts(receipt, place.photo), guesses(receipt), fallbacks(receipt),
    el("div", { class: "asides" }, explanation(receipt, remembered), whatIf(receipt, remembered), highlight(receipt, place, remembered), reconstruction(receipt, place, remembered)),
  ].filter((part) => part !== null);
}

/** The attributes of details that stay open when the receipt is rendered again. */
function remember(opened, key) {
  return { open: opened.has(key), ontoggle: ({ currentTarget: box }) => (box.open ? opened.add(key) : opened.delete(key)) };
}

function guesses({ task, top }) {
  if (!entry("tasks", task).shows_guesses || !top?.length) return null;
  return el("div", { class: "guesses" }, "guesses", top.slice(0, 5).map(([label, p]) => el("span", { class: "chip" }, `${label} ${format.percent(p)}`)));
}

function fallbacks({ fell_back_from: causes }) {
  if (!causes?.length) return null;
  const lost = causes.reduce((sum, cause) => sum + (cause.ms ?? 0), 0);
  const before = lost ? ` This took ${format.ms(lost)} before the times above.` : "";
  return el("p", { class: "note fell-back" }, `Fell back after: ${causes.map((cause) => cause.why).join(" ")}${before}`);
}

function explanation(receipt, remembered) {
  return el("details", { class: "why", ...remembered("why") }, el("summary", { "data-key": "why" }, "Why this route"),
    el("p", {}, receipt.reason), confidenceLine(receipt), linkLine(receipt), table(receipt.candidates, receipt.measured_by));
}

/** @param {any} receipt */
const confidenceLine = (receipt) => confidenceText(receipt) && el("p", { class: "hint" }, confidenceText(receipt));

/** @type {Record<string, string>} */
const SOURCES = { transfers: "recent transfers", "small transfers": "small transfers", probe: "a probe" };

function linkLine({ link }) {
  if (link?.up_bytes_per_s === null || link?.up_bytes_per_s === undefined) return null;
  const more = link.source === "lower bound" ? " or more" : "";
  const rtt = link.rtt_ms === null ? "" : `, ${format.ms(link.rtt_ms)} round trip`;
  const age = link.age_s === null ? "" : `, ${link.source === "lower bound" ? "a lower bound from transfers" : `measured by ${SOURCES[link.source] ?? "transfers"}`} ${format.seconds(link.age_s)} before`;
  return el("p", { class: "hint" }, `Link at that time: ${format.rate(link.up_bytes_per_s)}${more}${rtt}${age}.`);
}
