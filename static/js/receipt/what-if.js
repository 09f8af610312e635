/**
 * What would have been chosen in another world: pure, from a receipt's candidates alone. The rule is that of
 * inference/placement/choose.py, and a test compares the two. What the policy allows depends on no link and no load, so
 * `allowed` stays as it was.
 *
 * @typedef {{upBytesPerS: ?number, rttMs: ?number, slowdown: number, deviceQueueMs: number, edgeQueueMs: number,
 *   edges: Record<string, number>}} World
 *   `slowdown`: how many times slower the device computes than it did; `edges`: queues of those that differ
 * @typedef {{candidate: any, ms: ?number}} Way
 */

const KEEP_WITHIN = 0.05; // as placement has it: what was used before is kept unless the gain is larger

/** Receipts of an earlier version tell no parts of a prediction. @param {any} receipt */
export const canAsk = (receipt) => receipt.candidates.every((one) => typeof one.device_ms === "number");

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
  if (candidate.route !== "device") total += (world.edges[candidate.edge] ?? world.edgeQueueMs) + candidate.edge_ms;
  if (candidate.route !== "device" && !candidate.held) {
    if (!world.upBytesPerS || world.upBytesPerS < 0) return null;
    total += (candidate.uplink_bytes / world.upBytesPerS) * 1000 + (world.rttMs ?? 0) * (candidate.round_trips ?? 1);
  }
  return Number.isFinite(total) ? total : null;
}

/**
 * @param {any[]} candidates @param {World} world @param {?any} previous the candidate that was in use before
 * @returns {{chosen: ?Way, best: Way[]}} `best`: the best allowed way of each route, the best of all first
 */
export function choose(candidates, world, previous = null) {
  const allowed = candidates.filter((one) => one.allowed).map((candidate) => ({ candidate, ms: predict(candidate, world) }));
  const ranked = [...allowed].sort(byRank);
  const best = ranked.filter((way, index) => ranked.findIndex((other) => other.candidate.route === way.candidate.route) === index);
  return { chosen: kept(ranked[0], allowed, previous) ?? ranked[0] ?? null, best };
}

/** The receipt's own choice where it is not the fastest: then it was kept, and counts as the one in use. @param {any} receipt */
export function previousOf(receipt) {
  const used = receipt.candidates.find((one) => one.chosen) ?? null;
  return used && choose(receipt.candidates, worldOf(receipt)).chosen?.candidate !== used ? used : null;
}

/** Known predictions first, shortest first; unknown ones by what they send. */
function byRank(a, b) {
  return (a.ms === null) - (b.ms === null)
    || (a.ms ?? 0) - (b.ms ?? 0)
    || a.candidate.uplink_bytes - b.candidate.uplink_bytes
    || (b.candidate.accuracy ?? 0) - (a.candidate.accuracy ?? 0)
    || (a.candidate.route !== "device") - (b.candidate.route !== "device");
}

/** The previous choice, if it is still allowed and hardly slower than the best. */
function kept(best, allowed, previous) {
  if (!previous || !best || best.ms === null || sameWay(previous, best.candidate)) return null;
  const same = allowed.find((way) => way.ms !== null && sameWay(previous, way.candidate));
  return same && best.ms >= same.ms * (1 - KEEP_WITHIN) ? same : null;
}

const KEY = ["route", "split_at", "level", "codec", "quality", "held", "refine_to", "edge"];
const sameWay = (a, b) => KEY.every((name) => (a[name] ?? null) === (b[name] ?? null));
