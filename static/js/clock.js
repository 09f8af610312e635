/**
 * The server's clock, as well as a page can know it, and one tick for everything that counts.
 *
 * A server's timestamp is never later than the moment it arrives here, so each one is a lower bound of how far that
 * clock is ahead of ours; the largest of the recent ones is the estimate.
 */

const KEPT = 50;
/** @type {number[]} */
const bounds = [];
/** @type {Set<() => void>} */
const listeners = new Set();
let skew = 0;

/** Learn from a timestamp that was made just now on the server. @param {?string} iso */
export function observe(iso) {
  const at = iso ? Date.parse(iso) : NaN;
  if (Number.isNaN(at)) return;
  bounds.push(at - Date.now());
  if (bounds.length > KEPT) bounds.shift();
  skew = Math.max(...bounds);
}

/** Milliseconds since the epoch on the server. */
export const now = () => Date.now() + skew;

/** Seconds since a server's timestamp, never negative; null for none. @param {?string} iso @returns {?number} */
export function since(iso) {
  const at = iso ? Date.parse(iso) : NaN;
  return Number.isNaN(at) ? null : Math.max(0, (now() - at) / 1000);
}

/** Call `listener` ten times a second while the page is seen. */
export function onTick(listener) {
  listeners.add(listener);
}

setInterval(() => {
  if (!document.hidden) for (const listener of listeners) listener();
}, 100);
