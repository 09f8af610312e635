/** One turn: the question with its photo, then its plan, answer and receipts. */

import { since } from "../clock.js";
import { copyButton } from "../copy.js";
import { dot, el, sentence } from "../dom.js";
import * as format from "../format.js";
import { gettext } from "../i18n.js";
import { labels } from "../labels.js";
import { receiptOf } from "../receipt/receipt.js";
import { phaseWords } from "./phases.js";
import { Question } from "./question.js";
import { ratingOf } from "./rating.js";
import { isLive } from "./state.js";

/**
 * @typedef {import("./state.js").Turn} Turn
 * @typedef {{stop: (turn: Turn) => void, retry: (turn: Turn) => void, fresh: (turn: Turn) => void, compare: (turn: Turn) => Promise<void>,
 *   edit: (turn: Turn, question: string) => Promise<void>, rate: (turn: Turn, rating: ?any) => Promise<void>, noteChars: number}} Actions
 */

export class TurnCard {
  /** @param {Turn} turn @param {?Actions} actions null where nothing may be changed @param {any[]} reconstruction quality by split point and level, from the model card */
  constructor(turn, actions, reconstruction) {
    this.actions = actions;
    this.reconstruction = reconstruction;
    this.opened = new Set(); // details that stay open when the card is rendered again
    this.body = el("div", { class: "card", role: "group", "aria-label": gettext("Answer") });
    this.question = new Question(turn, actions);
    this.element = el("article", { class: "turn", id: `turn-${turn.id}`, "data-turn": turn.id }, this.question.element, this.body);
    this.update(turn);
  }

  /** @param {Turn} turn */
  update(turn) {
    if (turn === this.turn) return;
    const focused = this.body.contains(document.activeElement) ? document.activeElement?.getAttribute("data-key") : null;
    this.turn = turn;
    this.element.dataset.state = turn.state;
    this.element.toggleAttribute("data-replaced", Boolean(turn.replaced_by));
    this.question.update(turn);
    const parts = [planOf(turn), ...this.outcome(turn), ...this.receipts(turn), this.more(turn)].filter(Boolean);
    this.body.replaceChildren(...(turn.replaced_by ? this.replaced(parts) : parts));
    this.tick();
    // The focused button may have been replaced by its opposite: keep keyboard focus inside the card.
    if (focused) /** @type {?HTMLElement} */ (this.body.querySelector(`[data-key="${focused}"]`) ?? this.body.querySelector("button"))?.focus();
  }

  /** The question was edited and sent again: what became of it before is one click away. @param {any[]} parts */
  replaced(parts) {
    const remembered = { open: this.opened.has("replaced"), ontoggle: ({ currentTarget: box }) => (box.open ? this.opened.add("replaced") : this.opened.delete("replaced")) };
    return [el("p", { class: "hint" }, gettext("Replaced: the question was edited and sent again.")), el("details", remembered, el("summary", { "data-key": "replaced" }, gettext("Earlier answer")), parts)];
  }

  /** Update the clock of a live turn. */
  tick() {
    if (!isLive(this.turn) || !this.clock) return;
    const here = since(this.turn.phase?.since), all = since(this.turn.queued);
    const total = all !== null && here !== null && all - here > 0.3 ? ` · ${gettext("%(time)s in all", { time: format.seconds(all) })}` : "";
    this.clock.textContent = format.seconds(here ?? all ?? 0) + total;
  }

  outcome(turn) {
    if (isLive(turn)) return [this.live(turn)];
    if (turn.state === "answered") return [el("p", { class: "answer", dir: "auto" }, turn.answer ?? ""), ...this.answerTools(turn), draftOf(turn)];
    if (turn.state === "stopped") return [el("div", { class: "stopped" }, gettext("Stopped before an answer."), this.retryButton())];
    const error = turn.error ?? { message: gettext("The question failed."), next: "" };
    return [
      el("div", { class: "failed", role: "alert" }, el("p", { class: "what" }, gettext(error.message)), error.next && el("p", { class: "hint" }, gettext(error.next)), this.retryButton()),
    ];
  }

  /** @param {Turn} turn */
  answerTools(turn) {
    const copy = copyButton(turn.answer ?? "", gettext("Copy the answer"));
    if (!this.actions) return [el("div", { class: "tools" }, copy)];
    const { thumbs, note, wrong } = ratingOf(turn, this.actions.rate, this.actions.noteChars);
    return [el("div", { class: "tools" }, thumbs, copy, this.freshButton(turn)), note, wrong];
  }

  live(turn) {
    const { words, place } = phaseWords(turn);
    this.clock = el("span", { class: "clock", "aria-hidden": "true" });
    const stop = this.actions && el("button", { type: "button", class: "small", "data-key": "stop", onclick: () => this.actions?.stop(this.turn) }, gettext("Stop"));
    const sofar = turn.phase?.text && el("p", { class: "answer" }, turn.phase.text);
    return el("div", { class: "live" }, sofar, dot(place), el("span", { class: "words" }, el("span", {}, words), this.clock), stop);
  }

  /** @param {Turn} turn */
  freshButton(turn) {
    if (turn.replaced_by || !turn.steps.some((step) => step.receipt?.cached)) return null;
    const title = gettext("Compute it again, without the answer of before");
    return el("button", { type: "button", class: "small", "data-key": "fresh", title, onclick: () => this.actions?.fresh(this.turn) }, gettext("Ask afresh"));
  }

  retryButton() {
    return this.actions && !this.turn.replaced_by && el("button", { type: "button", class: "small", "data-key": "retry", onclick: () => this.actions?.retry(this.turn) }, gettext("Try again"));
  }

  place(step) {
    // What is drawn on a photo is read from the owner's own addresses.
    const photo = this.actions && (this.turn.photos?.find(({ id }) => id === step.receipt?.photo) ?? this.turn.photo);
    return { turn: this.turn.id, step: step.id, photo, photos: countOf(this.turn), reconstruction: this.reconstruction, opened: this.opened };
  }

  more(turn) {
    const receipts = turn.steps.map((step) => step.receipt).filter((receipt) => receipt?.actual_ms);
    if (!this.actions || turn.replaced_by || turn.state !== "answered" || !turn.photo || countOf(turn) > 1 || !receipts.length) return null;
    if (receipts.some((receipt) => receipt.before || receipt.model)) return null; // about another photo; and a run's model has one route only
    const wrong = el("p", { class: "note error", role: "alert", hidden: true });
    const compare = async ({ currentTarget: button }) => {
      button.disabled = wrong.hidden = true;
      try {
        await this.actions?.compare(this.turn);
      } catch (error) {
        wrong.textContent = sentence(error);
        wrong.hidden = false;
      }
      button.disabled = false;
    };
    const title = gettext("Ask the same over every route: %(routes)s", { routes: labels("routes").map((route) => route.label).join(", ") });
    const ask = el("button", { type: "button", class: "small", "data-key": "compare", title, onclick: compare }, gettext("Compare three routes"));
    return el("div", { class: "compare" }, ask, wrong);
  }

  receipts(turn) {
    const many = turn.steps.length > 1;
    return turn.steps.filter((step) => step.receipt?.actual_ms || step.error).map((step) => {
      const heading = many && el("h2", {}, `${step.id} · ${format.stepWords(step, countOf(turn))} `, step.receipt?.answer && el("span", {}, `→ ${shortened(step.receipt.answer)}`));
      const failure = turn.state !== "failed" && step.error ? el("p", { class: "note error" }, gettext(step.error.message)) : null;
      const shown = step.receipt?.actual_ms ? receiptOf(step.receipt, this.place(step)) : null;
      return failure || shown ? el("section", { class: "receipt", "aria-label": gettext("Receipt of step %(step)s", { step: step.id }) }, heading, failure, shown) : null;
    });
  }
}

/** How many photos a question had when it was planned. @param {Turn} turn */
const countOf = ({ plan }) => plan?.photos ?? 1;

const HEADING = 80; // characters

/** A page of text does not belong in a heading. @param {string} answer */
const shortened = (answer) => (answer.length > HEADING ? `${answer.slice(0, HEADING)} …` : answer);

/** @param {Turn} turn */
const draftOf = ({ plan }) => plan?.draft && el("p", {}, el("a", { href: plan.draft, class: "button" },
  plan.draft.startsWith("/watches/") ? gettext("Look at the draft watch") : gettext("Open the draft run")));

function planOf(turn) {
  if (!turn.plan) return null;
  const { planner, model, note, ms, why } = turn.plan;
  const chips = turn.plan.steps.map((step) => {
    const isLeftOut = turn.steps.some((other) => other.id === step.id && other.state === "left out");
    const title = isLeftOut ? gettext("Left out: it depends on another answer.") : step.question || null;
    return el("span", { class: isLeftOut ? "chip left-out" : "chip", title }, `${step.id} · ${format.stepWords(step, countOf(turn))}`);
  });
  const by = planner === "offline" ? gettext("Planned offline in %(time)s.", { time: format.ms(ms) })
    : gettext("Planned by %(model)s in %(time)s.", { model: model || planner, time: format.ms(ms) });
  const details = el("details", {}, el("summary", {}, gettext("Plan")), el("p", {}, [why, by].filter(Boolean).join(" ")));
  return el("div", { class: "plan" }, chips, details, note && el("p", { class: "note" }, note));
}
