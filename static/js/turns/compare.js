/** Ask the same over each route, one after the other: at the same time they would wait for each other. */

import { ROUTES } from "./groups.js";
import { isLive } from "./state.js";

/** @typedef {import("./state.js").Turn} Turn */

export class ThreeWays {
  /** @param {(fields: any, stored: (turn: Turn) => void) => Promise<Turn>} ask puts a question; rejects with a UserError */
  constructor(ask) {
    this.ask = ask;
    /** @type {Set<string>} first turns of the comparisons that were begun on this page */
    this.begun = new Set();
    /** @type {Map<string, (turn: Turn) => void>} turn -> what waits for its end */
    this.waiting = new Map();
  }

  /** @param {Turn} turn an answered one, about a photo */
  async run(turn) {
    const node = turn.steps.map((step) => step.receipt?.device).find(Boolean) ?? turn.node;
    for (const route of ROUTES) {
      const fields = { question: meant(turn), photo: turn.photo.id, node, policy: turn.policy, route };
      const asked = await this.ask(fields, ({ id }) => route === ROUTES[0] && this.begun.add(id));
      if ((await this.end(asked)).state === "stopped") return;
    }
  }

  /** Look through the turns as they are now. @param {Turn[]} turns */
  saw(turns) {
    for (const turn of turns) {
      if (isLive(turn) || !this.waiting.has(turn.id)) continue;
      this.waiting.get(turn.id)(turn);
      this.waiting.delete(turn.id);
    }
  }

  /** @param {Turn} turn @returns {Promise<Turn>} as it is once it has ended */
  end(turn) {
    return new Promise((resolve) => this.waiting.set(turn.id, resolve));
  }
}

/** "And the car?" means something else after itself: what it was understood as is asked. @param {Turn} turn */
function meant({ question, plan }) {
  const [only, ...others] = plan?.steps ?? [];
  return !others.length && only?.task === "vqa" && only.question ? only.question : question;
}
