/** One question over every route, side by side. */

import { since } from "../clock.js";
import { dot, el } from "../dom.js";
import * as format from "../format.js";
import { gettext, withElements } from "../i18n.js";
import { label } from "../labels.js";
import { certaintyWords, confidenceText } from "../receipt/certainty.js";
import { neck } from "../receipt/neck.js";
import { spansOf } from "../receipt/spans.js";
import { routes } from "./groups.js";
import { phaseWords } from "./phases.js";
import { isLive } from "./state.js";

/** @typedef {import("./state.js").Turn} Turn */

export class ComparisonCard {
  /** @param {Turn[]} turns @param {import("./card.js").Actions} actions */
  constructor(turns, actions) {
    this.actions = actions;
    this.columns = el("div", { class: "three" });
    const title = el("p", { class: "hint" }, withElements(gettext("%(title)s for “%(question)s”"), { title: el("b", {}, gettext("Three routes")), question: turns[0].question }));
    this.terms = el("p", { class: "hint" });
    this.element = el("article", { class: "comparison card", "aria-label": gettext("Three routes") }, title, this.columns, this.terms);
    this.turns = turns;
    /** @type {Map<Turn, HTMLElement>} */
    this.clocks = new Map();
    this.render();
  }

  /** @param {Turn[]} turns */
  update(turns) {
    if (turns.length === this.turns.length && turns.every((turn, index) => turn === this.turns[index])) return;
    this.turns = turns;
    this.render();
  }

  render() {
    this.clocks.clear();
    const sums = this.turns.map(sum);
    this.terms.textContent = terms(this.turns, sums);
    this.columns.replaceChildren(...routes().map((route, index) => this.column(route, this.turns[index], sums)));
    this.tick();
  }

  tick() {
    for (const [turn, clock] of this.clocks) clock.textContent = format.seconds(since(turn.phase?.since ?? turn.queued) ?? 0);
  }

  column(route, turn, sums) {
    const head = el("h2", {}, dot(format.placeOf(route)), label("routes", route));
    const going = this.turns.some(isLive);
    if (!turn) return el("section", { class: "route", "data-route": route }, head, el("p", { class: "hint" }, going ? gettext("Waiting for its turn.") : gettext("Not asked.")));
    return el("section", { class: "route", "data-route": route, "data-state": turn.state }, head, this.outcome(turn, sums));
  }

  outcome(turn, sums) {
    if (isLive(turn)) return this.live(turn);
    if (turn.state === "stopped") return el("p", { class: "hint" }, gettext("Stopped before an answer."));
    if (turn.state === "failed") return [el("p", {}, gettext(turn.error?.message ?? "The question failed.")), turn.error?.next && el("p", { class: "hint" }, gettext(turn.error.next))];
    const longest = Math.max(...sums.filter(Boolean).map((total) => total.ms));
    const drawn = turn.steps.filter((step) => step.receipt?.actual_ms).map((step) => neck(step.receipt, longest));
    return [el("p", { class: "answer" }, turn.answer), el("div", {}, drawn), numbers(sum(turn), sums.filter(Boolean), turn.steps.map((step) => step.receipt))];
  }

  live(turn) {
    const { words, place } = phaseWords(turn);
    const clock = el("span", { class: "clock", "aria-hidden": "true" });
    this.clocks.set(turn, clock);
    return el("div", { class: "live" }, dot(place), el("span", { class: "words" }, el("span", {}, words), clock),
      el("button", { type: "button", class: "small", onclick: () => this.actions.stop(turn) }, gettext("Stop")));
  }
}

/** Totals over a turn's steps; null unless it was answered. */
function sum(turn) {
  const receipts = turn.steps.map((step) => step.receipt).filter((receipt) => receipt?.actual_ms);
  if (turn.state !== "answered" || !receipts.length) return null;
  const add = (of) => receipts.reduce((all, receipt) => all + of(receipt), 0);
  return {
    ms: add((receipt) => receipt.actual_ms.total),
    bytes: add((receipt) => receipt.bytes.uplink),
    held: receipts.some((receipt) => receipt.held),
  };
}

/** On what terms the routes compare. Earlier comparisons may have one that used what the question before had left. */
function terms(turns, sums) {
  if (turns.every((turn) => turn.fresh)) return gettext("Each started from the photo alone: nothing cached on the device or the edge was used.");
  return sums.some((total) => total?.held) ? gettext("Not a fair comparison: one route used features that the edge had cached, the others started from the photo.") : "";
}

/** The smallest of each is in bold. */
function numbers(here, all, receipts) {
  const least = (key) => here[key] === Math.min(...all.map((total) => total[key]));
  const value = (key, text) => (least(key) ? el("b", {}, text) : text);
  const rows = [
    [gettext("time"), value("ms", receipts.length === 1 ? spansOf(receipts[0].actual_ms).total : format.ms(here.ms))],
    ...(receipts.length === 1 ? spansOf(receipts[0].actual_ms).spans : []).filter((span) => span.shown).map(({ name, text }) => [gettext("of it %(place)s", { place: name }), text]),
    [gettext("sent over the link"), [value("bytes", format.bytes(here.bytes)), here.held && `, ${gettext("features cached")}`]],
    ...receipts.filter(certaintyWords).map((receipt) => [gettext("certainty"), el("span", { title: confidenceText(receipt) }, certaintyWords(receipt))]),
  ];
  return el("dl", {}, rows.filter(([, text]) => text).map(([name, text]) => el("div", {}, el("dt", {}, name), el("dd", {}, text))));
}
