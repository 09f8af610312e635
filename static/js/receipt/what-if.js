/**
 * What would have been chosen in another world: pure, from a receipt alone. The model is that of
 * inference/placement (prediction.py, choose.py); tests/placement/test_what_if_agrees.py compares the two over random worlds.
 * What the policy allows depends on neither link nor load, so `allowed` stays as it was.
 *
 * @typedef {{upBytesPerS: ?number, rttMs: ?number, slowdown: number, deviceQueueMs: number, edgeQueueMs: number,
 *   edges: Record<string, number>}} World
 *   `slowdown`: how many times slower the device computes than it did; `edges`: queues of those that differ
 * @typedef {{candidate: any, ms: ?number, cost: ?number}} Way
 *   `ms`: predicted time; `cost`: what the policy minimises, in its own unit
 */

const SWITCH_GAIN = 0.05; // as in choose.py: the previous choice stands unless the gain is larger
const PREDICTED = "predicted_ms";

/** Receipts of an earlier version lack the parts of a prediction. @param {any} receipt */
export const canAsk = (receipt) => receipt.candidates.every((candidate) => typeof candidate.device_ms === "number");

/** The world the receipt was made in. @param {any} receipt @returns {World} */
export function worldOf({ link, load }) {
  return {
    upBytesPerS: link?.up_bytes_per_s ?? null,
    rttMs: link?.rtt_ms ?? null,
    slowdown: 1,
    deviceQueueMs: load?.device_queue_ms ?? 0,
    edgeQueueMs: load?.edge_queue_ms ?? 0,
    edges: load?.edges ?? {},
  };
}

/** Expected milliseconds; null where a part is unknown. @param {any} candidate @param {World} world @returns {?number} */
export function predict(candidate, world) {
  let total = candidate.overhead_ms ?? 0;
  if (!candidate.held) total += world.deviceQueueMs + candidate.device_ms * world.slowdown;
  if (needsEdge(candidate)) total += edgeQueue(candidate, world) + candidate.edge_ms;
  if (needsEdge(candidate) && !candidate.held) {
    if (!world.upBytesPerS || world.upBytesPerS < 0) return null;
    total += (candidate.uplink_bytes / world.upBytesPerS) * 1000 + (world.rttMs ?? 0) * (candidate.round_trips ?? 1);
  }
  return Number.isFinite(total) ? total : null;
}

/**
 * @param {any[]} candidates @param {World} world @param {?any} previous the candidate that was in use before
 * @param {string} minimises the key of the candidates that the policy minimises
 * @returns {{chosen: ?Way, best: Way[]}} `best`: the best allowed way of each route, the best of all first
 */
export function choose(candidates, world, previous = null, minimises = PREDICTED) {
  const allowed = candidates.filter((candidate) => candidate.allowed).map((candidate) => wayOf(candidate, world, minimises));
  const ranked = [...allowed].sort(byRank);
  const best = ranked.filter((way, index) => ranked.findIndex((other) => other.candidate.route === way.candidate.route) === index);
  return { chosen: unchanged(ranked[0], allowed, previous) ?? ranked[0] ?? null, best };
}

/**
 * The receipt's own choice where it is not the best: then it was in use before, and stood. @param {any} receipt
 */
export function previousOf(receipt) {
  const used = receipt.candidates.find((candidate) => candidate.chosen) ?? null;
  const { chosen } = choose(receipt.candidates, worldOf(receipt), null, receipt.minimises);
  return used && chosen?.candidate !== used ? used : null;
}

/** @returns {Way} */
function wayOf(candidate, world, minimises) {
  const ms = predict(candidate, world);
  return { candidate, ms, cost: minimises === PREDICTED ? ms : candidate[minimises] ?? null };
}

// Earlier receipts do not say; "device" was then the one route without an edge.
const needsEdge = (candidate) => candidate.needs_edge ?? candidate.route !== "device";

function edgeQueue(candidate, world) {
  return (candidate.edge == null ? null : world.edges[candidate.edge]) ?? world.edgeQueueMs;
}

/** Known costs first, least first; unknown ones by what they send. @param {Way} a @param {Way} b */
function byRank(a, b) {
  return Number(a.cost === null) - Number(b.cost === null)
    || (a.cost ?? 0) - (b.cost ?? 0)
    || Number(a.ms === null) - Number(b.ms === null)
    || (a.ms ?? 0) - (b.ms ?? 0)
    || a.candidate.uplink_bytes - b.candidate.uplink_bytes
    || (b.candidate.accuracy ?? 0) - (a.candidate.accuracy ?? 0)
    || Number(needsEdge(a.candidate)) - Number(needsEdge(b.candidate));
}

/** The previous choice, if it is still allowed and hardly worse than the best. */
function unchanged(best, allowed, previous) {
  if (!previous || !best || best.cost === null || isSame(previous, best.candidate)) return null;
  const same = allowed.find((way) => way.cost !== null && isSame(previous, way.candidate));
  return same && best.cost >= same.cost * (1 - SWITCH_GAIN) ? same : null;
}

const KEY = ["route", "split_at", "level", "codec", "quality", "held", "refine_to", "edge", "side"];
const isSame = (a, b) => KEY.every((name) => (a[name] ?? null) === (b[name] ?? null));
