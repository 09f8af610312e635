/**
 * Which turns stand side by side: those that asked the same over device, edge and split, in that order. Pure, and from
 * the turns alone, so that a comparison looks the same after a refresh.
 */

export const ROUTES = ["device", "edge", "split"];

/**
 * @typedef {import("./state.js").Turn} Turn
 * @param {Turn[]} turns in order @param {Set<string>} begun ids of turns that are the first of a comparison still being asked
 * @returns {(Turn | Turn[])[]} a comparison stands where its first turn would
 */
export function grouped(turns, begun) {
  const found = [];
  /** @type {Map<string, Turn[]>} comparisons that wait for their next route */
  const open = new Map();
  for (const turn of turns) {
    const group = open.get(sameness(turn));
    if (group && turn.route === ROUTES[group.length]) group.push(turn);
    else if (turn.route === ROUTES[0]) open.set(sameness(turn), place(found, turn));
    else found.push(turn);
  }
  return found.map((one) => (Array.isArray(one) && one.length === 1 && !begun.has(one[0].id) ? one[0] : one));
}

function place(found, turn) {
  const group = [turn];
  found.push(group);
  return group;
}

const sameness = (turn) => JSON.stringify([turn.question, turn.photo?.id, turn.node, turn.policy]);
