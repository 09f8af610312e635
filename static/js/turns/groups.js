/**
 * Which turns form a comparison: the same question over every route, in order. Derived from the turns alone, so that a
 * comparison looks the same after a refresh.
 */

import { labels } from "../labels.js";

/** Names of the routes, in the order of a comparison. */
export const routes = () => labels("routes").map((route) => route.name);

/**
 * @typedef {import("./state.js").Turn} Turn
 * @param {Turn[]} turns in order @param {Set<string>} started first turns of comparisons still in progress
 * @returns {(Turn | Turn[])[]} a comparison takes the place of its first turn
 */
export function grouped(turns, started) {
  const entries = [];
  /** @type {Map<string, Turn[]>} comparisons that lack their next route */
  const open = new Map();
  for (const turn of turns) {
    const group = turn.replaced_by ? null : open.get(sameness(turn));
    if (turn.replaced_by) entries.push(turn);
    else if (group && turn.route === routes()[group.length]) group.push(turn);
    else if (turn.route === routes()[0]) open.set(sameness(turn), place(entries, turn));
    else entries.push(turn);
  }
  return entries.map((entry) => (Array.isArray(entry) && entry.length === 1 && !started.has(entry[0].id) ? entry[0] : entry));
}

function place(entries, turn) {
  const group = [turn];
  entries.push(group);
  return group;
}

const sameness = (turn) => JSON.stringify([turn.question, (turn.photos ?? []).map(({ id }) => id), turn.photo?.id, turn.node, turn.policy]);
