/** All turns of a conversation on the page, each drawn again only when it has changed. */

import { onTick } from "../clock.js";
import { TurnCard } from "./card.js";
import { isLive } from "./state.js";

const NEAR_END_PX = 160;

export class TurnList {
  /** @param {HTMLElement} place @param {import("./card.js").Actions} actions @param {HTMLElement} announcer */
  constructor(place, actions, announcer) {
    this.place = place;
    this.actions = actions;
    this.announcer = announcer;
    /** @type {Map<string, TurnCard>} */
    this.cards = new Map();
    this.drawn = false;
    onTick(() => this.cards.forEach((card) => card.tick()));
  }

  /** @param {import("./state.js").Turn[]} turns */
  draw(turns) {
    const follow = !this.drawn || atEnd();
    const known = new Set(turns.map((turn) => turn.id));
    for (const [id, card] of this.cards) {
      if (known.has(id)) continue;
      card.element.remove();
      this.cards.delete(id);
    }
    turns.forEach((turn, index) => this.show(turn, index));
    this.drawn = true;
    if (follow) this.toEnd();
  }

  toEnd() {
    window.scrollTo({ top: document.documentElement.scrollHeight });
  }

  show(turn, index) {
    const card = this.cards.get(turn.id);
    if (card) {
      if (isLive(card.turn) && !isLive(turn)) this.announce(turn);
      card.update(turn);
      return;
    }
    const made = new TurnCard(turn, this.actions);
    this.cards.set(turn.id, made);
    this.place.insertBefore(made.element, this.place.children[index] ?? null);
  }

  /** Read the end of a turn aloud once; the phases would be a chatter. */
  announce(turn) {
    const said = { answered: turn.answer, failed: turn.error?.message, stopped: "Stopped." }[turn.state];
    this.announcer.textContent = said ?? "";
  }
}

function atEnd() {
  const page = document.documentElement;
  return page.scrollHeight - page.clientHeight - page.scrollTop < NEAR_END_PX;
}
