/** A finished receipt: drawing, facts, guesses, fallbacks, the reason for the choice, what-if and reconstruction. */

import { el } from "../dom.js";
import * as format from "../format.js";
import { gettext } from "../i18n.js";
import { entry } from "../labels.js";
import { answeredBefore } from "./answered-before.js";
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
 * @typedef {{turn: string, step: number, photo: ?any, photos?: number, reconstruction: any[], opened: Set<string>}} Place the context of a receipt:
 *   `photos` is how many the question has, `reconstruction` the quality table of the model card, `opened` the details that stay open when it is rendered again
 */

/** @param {any} receipt @param {Place} place @returns {HTMLElement[]} */
export function receiptOf(receipt, place) {
  const remembered = (name) => remember(place.opened, `${name}-${place.step}`);
  if (receipt.cached) {
    const asides = el("div", { class: "asides" }, highlight(receipt, place, remembered));
    return [readText(receipt, place, remembered), answeredBefore(receipt), confidenceLine(receipt), guesses(receipt), asides].filter((part) => part !== null && part !== "");
  }
  return [
    readText(receipt, place, remembered),
    drawing(receipt), spans(receipt.actual_ms), levels(receipt), facts(receipt, place.photo, place.photos), guesses(receipt), fallbacks(receipt),
    el("div", { class: "asides" }, explanation(receipt, remembered), whatIf(receipt, remembered), highlight(receipt, place, remembered), reconstruction(receipt, place, remembered)),
  ].filter((part) => part !== null);
}

/** The attributes of details that stay open when the receipt is rendered again. */
function remember(opened, key) {
  return { open: opened.has(key), ontoggle: ({ currentTarget: box }) => (box.open ? opened.add(key) : opened.delete(key)) };
}

function guesses({ task, top }) {
  if (!entry("tasks", task).shows_guesses || !top?.length) return null;
  return el("div", { class: gettext("guesses") }, gettext("guesses"), top.slice(0, 5).map(([label, p]) => el("span", { class: "chip" }, `${label} ${format.percent(p)}`)));
}

function fallbacks({ fell_back_from: causes }) {
  if (!causes?.length) return null;
  const lost = causes.reduce((sum, cause) => sum + (cause.ms ?? 0), 0);
  const before = lost && gettext("This took %(time)s before the times above.", { time: format.ms(lost) });
  const after = gettext("Fell back after: %(reasons)s", { reasons: causes.map((cause) => cause.why).join(" ") });
  return el("p", { class: "note fell-back" }, [after, before].filter(Boolean).join(" "));
}

function explanation(receipt, remembered) {
  return el("details", { class: "why", ...remembered("why") }, el("summary", { "data-key": "why" }, gettext("Why this route")),
    el("p", {}, receipt.reason), confidenceLine(receipt), linkLine(receipt), table(receipt.candidates, receipt.measured_by));
}

/** @param {any} receipt */
const confidenceLine = (receipt) => confidenceText(receipt) && el("p", { class: "hint" }, confidenceText(receipt));

/** @type {Record<string, string>} */
const SOURCES = { transfers: gettext("recent transfers"), "small transfers": gettext("small transfers"), probe: gettext("a probe") };

function linkLine({ link }) {
  if (link?.up_bytes_per_s === null || link?.up_bytes_per_s === undefined) return null;
  const bound = link.source === "lower bound", rate = format.rate(link.up_bytes_per_s), age = format.seconds(link.age_s);
  const facts = [
    bound ? gettext("%(rate)s or more", { rate }) : rate,
    link.rtt_ms !== null && gettext("%(time)s round trip", { time: format.ms(link.rtt_ms) }),
    link.age_s !== null && (bound ? gettext("a lower bound from transfers %(time)s before", { time: age })
      : gettext("measured by %(source)s %(time)s before", { source: SOURCES[link.source] ?? gettext("transfers"), time: age })),
  ];
  return el("p", { class: "hint" }, gettext("Link at that time: %(facts)s.", { facts: facts.filter(Boolean).join(", ") }));
}
