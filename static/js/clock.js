/**
 * An estimate of the server's clock, and one timer for everything that shows an age.
 *
 * A timestamp is never later than its arrival here, so each one is a lower bound of the server's lead over our clock;
 * the largest of the recent bounds is the estimate.
 */

const MAX_BOUNDS = 50;
/** @type {number[]} */
const bounds = [];
/** @type {Set<() => void>} */
const listeners = new Set();
let skew = 0;

/** Update the estimate from a timestamp the server has just made. @param {?string} iso */
export function observe(iso) {
  const at = iso ? Date.parse(iso) : NaN;
  if (Number.isNaN(at)) return;
  bounds.push(at - Date.now());
  if (bounds.length > MAX_BOUNDS) bounds.shift();
  skew = Math.max(...bounds);
}

/** Milliseconds since the epoch on the server. */
export const now = () => Date.now() + skew;

/** Seconds since a server's timestamp, never negative; null for none. @param {?string} iso @returns {?number} */
export function since(iso) {
  const at = iso ? Date.parse(iso) : NaN;
  return Number.isNaN(at) ? null : Math.max(0, (now() - at) / 1000);
}

/** Call `listener` ten times a second while the page is visible. */
export function onTick(listener) {
  listeners.add(listener);
}

setInterval(() => {
  if (!document.hidden) for (const listener of listeners) listener();
}, 100);
