/** One turn: the question with its photo, then its plan, answer and receipts. */

import { since } from "../clock.js";
import { dot, el, sentence } from "../dom.js";
import * as format from "../format.js";
import { gettext } from "../i18n.js";
import { labels } from "../labels.js";
import { receiptOf } from "../receipt/receipt.js";
import { phaseWords } from "./phases.js";
import { isLive } from "./state.js";

/**
 * @typedef {import("./state.js").Turn} Turn
 * @typedef {{stop: (turn: Turn) => void, retry: (turn: Turn) => void, compare: (turn: Turn) => Promise<void>}} Actions
 */

export class TurnCard {
  /** @param {Turn} turn @param {Actions} actions @param {any[]} reconstruction quality by split point and level, from the model card */
  constructor(turn, actions, reconstruction) {
    this.actions = actions;
    this.reconstruction = reconstruction;
    this.opened = new Set(); // details that stay open when the card is rendered again
    this.body = el("div", { class: "card", role: "group", "aria-label": gettext("Answer") });
    this.element = el("article", { class: "turn", "data-turn": turn.id }, questionOf(turn), this.body);
    this.update(turn);
  }

  /** @param {Turn} turn */
  update(turn) {
    if (turn === this.turn) return;
    const focused = this.body.contains(document.activeElement) ? document.activeElement?.getAttribute("data-key") : null;
    this.turn = turn;
    this.element.dataset.state = turn.state;
    this.body.replaceChildren(...[planOf(turn), ...this.outcome(turn), ...this.receipts(turn), this.more(turn)].filter(Boolean));
    this.tick();
    // The focused button may have been replaced by its opposite: keep keyboard focus inside the card.
    if (focused) /** @type {?HTMLElement} */ (this.body.querySelector(`[data-key="${focused}"]`) ?? this.body.querySelector("button"))?.focus();
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
    if (turn.state === "answered") return [el("p", { class: "answer" }, turn.answer ?? ""), draftOf(turn)];
    if (turn.state === "stopped") return [el("div", { class: "stopped" }, gettext("Stopped before an answer."), this.retryButton())];
    const error = turn.error ?? { message: gettext("The question failed."), next: "" };
    return [
      el("div", { class: "failed", role: "alert" }, el("p", { class: "what" }, gettext(error.message)), error.next && el("p", { class: "hint" }, gettext(error.next)), this.retryButton()),
    ];
  }

  live(turn) {
    const { words, place } = phaseWords(turn);
    this.clock = el("span", { class: "clock", "aria-hidden": "true" });
    const stop = el("button", { type: "button", class: "small", "data-key": "stop", onclick: () => this.actions.stop(this.turn) }, gettext("Stop"));
    const sofar = turn.phase?.text && el("p", { class: "answer" }, turn.phase.text);
    return el("div", { class: "live" }, sofar, dot(place), el("span", { class: "words" }, el("span", {}, words), this.clock), stop);
  }

  retryButton() {
    return el("button", { type: "button", class: "small", "data-key": "retry", onclick: () => this.actions.retry(this.turn) }, gettext("Try again"));
  }

  place(step) {
    return { turn: this.turn.id, step: step.id, photo: this.turn.photo, reconstruction: this.reconstruction, opened: this.opened };
  }

  more(turn) {
    const receipts = turn.steps.map((step) => step.receipt).filter((receipt) => receipt?.actual_ms);
    if (turn.state !== "answered" || !turn.photo || !receipts.length) return null;
    if (receipts.some((receipt) => receipt.before || receipt.model)) return null; // about another photo; and a run's model has one route only
    const wrong = el("p", { class: "note error", role: "alert", hidden: true });
    const compare = async ({ currentTarget: button }) => {
      button.disabled = wrong.hidden = true;
      try {
        await this.actions.compare(this.turn);
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
      const heading = many && el("h2", {}, `${step.id} · ${format.stepWords(step)} `, step.receipt?.answer && el("span", {}, `→ ${shortened(step.receipt.answer)}`));
      const failure = turn.state !== "failed" && step.error ? el("p", { class: "note error" }, gettext(step.error.message)) : null;
      const shown = step.receipt?.actual_ms ? receiptOf(step.receipt, this.place(step)) : null;
      return failure || shown ? el("section", { class: "receipt", "aria-label": gettext("Receipt of step %(step)s", { step: step.id }) }, heading, failure, shown) : null;
    });
  }
}

const HEADING = 80; // characters

/** A page of text does not belong in a heading. @param {string} answer */
const shortened = (answer) => (answer.length > HEADING ? `${answer.slice(0, HEADING)} …` : answer);

/** @param {Turn} turn */
function questionOf(turn) {
  const photo = turn.photo && el("figure", {},
    el("a", { href: turn.photo.url, target: "_blank", rel: "noopener" },
      el("img", { src: `${turn.photo.url}?small=1`, alt: gettext("The photo this question is about"), loading: "lazy", ...fitted(turn.photo) })),
    el("figcaption", {}, format.bytes(turn.photo.bytes)));
  return el("div", { class: "me" }, el("p", {}, turn.question), photo);
}

/** The final size of the image, so that the page does not jump when it loads. */
function fitted({ width, height }) {
  const scale = Math.min(168 / width, 140 / height, 1);
  return { width: Math.round(width * scale), height: Math.round(height * scale) };
}

/** @param {Turn} turn */
const draftOf = ({ plan }) => plan?.draft && el("p", {}, el("a", { href: plan.draft, class: "button" }, plan.draft.startsWith("/watches/") ? gettext("Look at the draft watch") : gettext("Open the draft run")));

function planOf(turn) {
  if (!turn.plan) return null;
  const { planner, model, note, ms, why } = turn.plan;
  const chips = turn.plan.steps.map((step) => {
    const isLeftOut = turn.steps.some((other) => other.id === step.id && other.state === "left out");
    const title = isLeftOut ? gettext("Left out: it depends on another answer.") : step.question || null;
    return el("span", { class: isLeftOut ? "chip left-out" : "chip", title }, `${step.id} · ${format.stepWords(step)}`);
  });
  const by = planner === "offline" ? gettext("Planned offline in %(time)s.", { time: format.ms(ms) })
    : gettext("Planned by %(model)s in %(time)s.", { model: model || planner, time: format.ms(ms) });
  const details = el("details", {}, el("summary", {}, gettext("Plan")), el("p", {}, [why, by].filter(Boolean).join(" ")));
  return el("div", { class: "plan" }, chips, details, note && el("p", { class: "note" }, note));
}
