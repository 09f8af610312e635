/** All turns of a conversation; each is rendered again only when it has changed. */

import { onTick } from "../clock.js";
import { TurnCard } from "./card.js";
import { ComparisonCard } from "./comparison-card.js";
import { grouped } from "./groups.js";
import { isLive } from "./state.js";
import { gettext } from "../i18n.js";

const NEAR_END_PX = 160;

export class TurnList {
  /** @param {HTMLElement} place @param {import("./card.js").Actions} actions @param {any[]} reconstruction @param {HTMLElement} announcer */
  constructor(place, actions, reconstruction, announcer) {
    this.place = place;
    this.actions = actions;
    this.reconstruction = reconstruction;
    this.announcer = announcer;
    /** @type {Map<string, TurnCard | ComparisonCard>} by the turn, or the first of the turns, each shows */
    this.cards = new Map();
    /** @type {Map<string, import("./state.js").Turn>} */
    this.known = new Map();
    this.drawn = false;
    onTick(() => this.cards.forEach((card) => card.tick()));
  }

  /** @param {import("./state.js").Turn[]} turns @param {Set<string>} started first turns of comparisons in progress */
  draw(turns, started) {
    const follow = !this.drawn || atEnd();
    const entries = grouped(turns, started);
    const ids = new Set(entries.map(idOf));
    for (const id of this.cards.keys()) if (!ids.has(id)) this.remove(id);
    entries.forEach((entry, index) => this.show(entry, index));
    const last = turns.at(-1)?.id;
    for (const [id, card] of this.cards) if (card instanceof TurnCard) card.question.offer(id === last);
    turns.forEach((turn) => this.listen(turn));
    const target = this.drawn ? null : asked();
    this.drawn = true;
    if (target) target.scrollIntoView();
    else if (follow) this.toEnd();
  }

  toEnd() {
    window.scrollTo({ top: document.documentElement.scrollHeight });
  }

  show(entry, index) {
    const id = idOf(entry), kind = Array.isArray(entry) ? ComparisonCard : TurnCard;
    if (this.cards.has(id) && !(this.cards.get(id) instanceof kind)) this.remove(id);
    const card = this.cards.get(id);
    if (card) {
      card.update(entry);
      return;
    }
    const created = new kind(entry, this.actions, this.reconstruction);
    this.cards.set(id, created);
    this.place.insertBefore(created.element, this.place.children[index] ?? null);
  }

  remove(id) {
    this.cards.get(id)?.element.remove();
    this.cards.delete(id);
  }

  listen(turn) {
    const before = this.known.get(turn.id);
    if (before && isLive(before) && !isLive(turn)) this.announce(turn);
    this.known.set(turn.id, turn);
  }

  /** Announce the end of a turn to screen readers, but not its phases. */
  announce(turn) {
    const text = { answered: turn.answer, failed: turn.error?.message, stopped: gettext("Stopped.") }[turn.state];
    this.announcer.textContent = text ?? "";
  }
}

const idOf = (entry) => (Array.isArray(entry) ? entry[0] : entry).id;

/** The turn that the address names, such as a result of the search. @returns {?Element} */
const asked = () => (/^#turn-[0-9a-f-]+$/.test(location.hash) ? document.querySelector(location.hash) : null);

function atEnd() {
  const page = document.documentElement;
  return page.scrollHeight - page.clientHeight - page.scrollTop < NEAR_END_PX;
}
