/** A finished receipt: drawing, facts, guesses, what was tried before, why this way, what if, what left the device. */

import { el } from "../dom.js";
import * as format from "../format.js";
import { drawing } from "./drawing.js";
import { facts } from "./facts.js";
import { levels } from "./levels.js";
import { rebuilt } from "./rebuilt.js";
import { table } from "./ways.js";
import { whatIf } from "./what-if-panel.js";

/**
 * @typedef {{turn: string, step: number, photo: ?any, rebuild: any[], opened: Set<string>}} Place where a receipt stands:
 *   `rebuild` is what the card says of rebuilding photos, `opened` remembers which details are open when it is drawn again
 */

/** @param {any} receipt @param {Place} place @returns {HTMLElement[]} */
export function receiptOf(receipt, place) {
  const remembered = (name) => remember(place.opened, `${name}-${place.step}`);
  return [
    drawing(receipt), levels(receipt), facts(receipt), guesses(receipt), tried(receipt),
    el("div", { class: "asides" }, why(receipt, remembered), whatIf(receipt, remembered), rebuilt(receipt, place, remembered)),
  ].filter(Boolean);
}

/** The attributes of details that stay open when the receipt is drawn again. */
function remember(opened, key) {
  return { open: opened.has(key), ontoggle: ({ currentTarget: box }) => (box.open ? opened.add(key) : opened.delete(key)) };
}

function guesses({ task, top }) {
  if (task !== "classify" || !top?.length) return null;
  return el("div", { class: "guesses" }, "guesses", top.slice(0, 5).map(([label, p]) => el("span", { class: "chip" }, `${label} ${format.percent(p)}`)));
}

function tried({ fell_back_from: causes }) {
  if (!causes?.length) return null;
  return el("p", { class: "note fell-back" }, `Another way was tried first: ${causes.map((cause) => cause.why).join(" ")}`);
}

function why(receipt, remembered) {
  return el("details", { class: "why", ...remembered("why") }, el("summary", { "data-key": "why" }, "Why this way"),
    el("p", {}, receipt.reason), linkLine(receipt), table(receipt.candidates));
}

const SOURCES = { "lower bound": "small transfers", probe: "a probe" };

function linkLine({ link }) {
  if (link?.up_bytes_per_s === null || link?.up_bytes_per_s === undefined) return null;
  const more = link.source === "lower bound" ? " or more" : "";
  const rtt = link.rtt_ms === null ? "" : `, ${format.ms(link.rtt_ms)} round trip`;
  const age = link.age_s === null ? "" : `, measured ${format.seconds(link.age_s)} before by ${SOURCES[link.source] ?? "transfers"}`;
  return el("p", { class: "hint" }, `The link then: ${format.rate(link.up_bytes_per_s)}${more}${rtt}${age}.`);
}
