/** Asks the same question over each route in turn: run together, they would compete for the nodes. */

import { entry } from "../labels.js";
import { routes } from "./groups.js";
import { isLive } from "./state.js";

/** @typedef {import("./state.js").Turn} Turn */

export class RouteComparison {
  /** @param {(fields: any, stored: (turn: Turn) => void) => Promise<Turn>} ask puts a question; rejects with a UserError */
  constructor(ask) {
    this.ask = ask;
    /** @type {Set<string>} first turns of the comparisons started on this page */
    this.started = new Set();
    /** @type {Map<string, (turn: Turn) => void>} turn -> resolves when it has ended */
    this.waiting = new Map();
  }

  /** @param {Turn} turn an answered one, about a photo */
  async run(turn) {
    const node = turn.steps.map((step) => step.receipt?.device).find(Boolean) ?? turn.node;
    for (const route of routes()) {
      const fields = { question: resolvedQuestion(turn), photo: turn.photo.id, node, policy: turn.policy, route, fresh: true };
      const added = await this.ask(fields, ({ id }) => route === routes()[0] && this.started.add(id));
      if ((await this.end(added)).state === "stopped") return;
    }
  }

  /** Resolve what waits for turns that have ended. @param {Turn[]} turns */
  update(turns) {
    for (const turn of turns) {
      if (isLive(turn) || !this.waiting.has(turn.id)) continue;
      this.waiting.get(turn.id)?.(turn);
      this.waiting.delete(turn.id);
    }
  }

  /** @param {Turn} turn @returns {Promise<Turn>} once it has ended */
  end(turn) {
    return new Promise((resolve) => this.waiting.set(turn.id, resolve));
  }
}

/** A follow-up such as "And the car?" depends on the turn before, so its resolved question is asked. @param {Turn} turn */
function resolvedQuestion({ question, plan }) {
  const [only, ...others] = plan?.steps ?? [];
  return !others.length && only && entry("tasks", only.task).shows_question && only.question ? only.question : question;
}
