/** All turns of a conversation on the page, each drawn again only when it has changed. */

import { onTick } from "../clock.js";
import { TurnCard } from "./card.js";
import { grouped } from "./groups.js";
import { isLive } from "./state.js";
import { WaysCard } from "./ways-card.js";

const NEAR_END_PX = 160;

export class TurnList {
  /** @param {HTMLElement} place @param {import("./card.js").Actions} actions @param {any[]} rebuild @param {HTMLElement} announcer */
  constructor(place, actions, rebuild, announcer) {
    this.place = place;
    this.actions = actions;
    this.rebuild = rebuild;
    this.announcer = announcer;
    /** @type {Map<string, TurnCard | WaysCard>} by the turn, or the first of the turns, each shows */
    this.cards = new Map();
    /** @type {Map<string, import("./state.js").Turn>} */
    this.known = new Map();
    this.drawn = false;
    onTick(() => this.cards.forEach((card) => card.tick()));
  }

  /** @param {import("./state.js").Turn[]} turns @param {Set<string>} begun first turns of comparisons that go on */
  draw(turns, begun) {
    const follow = !this.drawn || atEnd();
    const entries = grouped(turns, begun);
    const ids = new Set(entries.map(idOf));
    for (const id of this.cards.keys()) if (!ids.has(id)) this.remove(id);
    entries.forEach((entry, index) => this.show(entry, index));
    turns.forEach((turn) => this.listen(turn));
    this.drawn = true;
    if (follow) this.toEnd();
  }

  toEnd() {
    window.scrollTo({ top: document.documentElement.scrollHeight });
  }

  show(entry, index) {
    const id = idOf(entry), kind = Array.isArray(entry) ? WaysCard : TurnCard;
    if (this.cards.has(id) && !(this.cards.get(id) instanceof kind)) this.remove(id);
    const card = this.cards.get(id);
    if (card) {
      card.update(entry);
      return;
    }
    const made = new kind(entry, this.actions, this.rebuild);
    this.cards.set(id, made);
    this.place.insertBefore(made.element, this.place.children[index] ?? null);
  }

  remove(id) {
    this.cards.get(id).element.remove();
    this.cards.delete(id);
  }

  listen(turn) {
    const before = this.known.get(turn.id);
    if (before && isLive(before) && !isLive(turn)) this.announce(turn);
    this.known.set(turn.id, turn);
  }

  /** Read the end of a turn aloud once; the phases would be a chatter. */
  announce(turn) {
    const said = { answered: turn.answer, failed: turn.error?.message, stopped: "Stopped." }[turn.state];
    this.announcer.textContent = said ?? "";
  }
}

const idOf = (entry) => (Array.isArray(entry) ? entry[0] : entry).id;

function atEnd() {
  const page = document.documentElement;
  return page.scrollHeight - page.clientHeight - page.scrollTop < NEAR_END_PX;
}
