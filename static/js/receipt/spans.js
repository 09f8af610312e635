/** Where the time of an answer went, as numbers that add up: pure, so that it can be checked without a page. */

import { decimal, gettext } from "../i18n.js";


const PLACES = [
  { place: "device", name: gettext("device"), of: (actual) => actual.device },
  { place: "link", name: gettext("link"), of: (actual) => actual.uplink },
  { place: "edge", name: gettext("edge"), of: (actual) => actual.edge },
  { place: "waiting", name: gettext("waiting for a node"), of: (actual) => actual.queue },
  { place: "rest", name: gettext("overhead"), of: (actual) => actual.overhead },
];

/**
 * The total and its parts in one unit, rounded so that the parts as written add up to the total as written.
 *
 * @typedef {{place: string, name: string, ms: number, text: string, shown: boolean}} Span `shown`: not zero as written
 * @param {{queue: number, device: number, uplink: number, edge: number, overhead: number}} actual
 * @returns {{total: string, spans: Span[]}}
 */
export function spansOf(actual) {
  const parts = PLACES.map(({ place, name, of }) => ({ place, name, ms: of(actual) }));
  // Of receipts of an earlier version the parts could come to more than the total.
  const total = parts.reduce((sum, { ms }) => sum + ms, 0);
  const { step, write } = unitOf(total);
  const whole = Math.round(total / step);
  const units = rounded(parts.map(({ ms }) => ms / step), whole);
  return { total: write(whole), spans: parts.map((part, index) => ({ ...part, text: write(units[index]), shown: units[index] > 0 })) };
}

/** Milliseconds, tenths of them below 10 ms; hundredths of a second from 1 s, tenths from 10 s. @param {number} ms */
function unitOf(ms) {
  if (ms < 9.95) return { step: 0.1, write: (/** @type {number} */ n) => `${decimal(n / 10, 1)} ms` };
  if (ms < 999.5) return { step: 1, write: (/** @type {number} */ n) => `${n} ms` };
  if (ms < 9995) return { step: 10, write: (/** @type {number} */ n) => `${decimal(n / 100, 2)} s` };
  return { step: 100, write: (/** @type {number} */ n) => `${decimal(n / 10, 1)} s` };
}

/** Whole numbers that add up to `whole`: the largest remainders are rounded up. @param {number[]} values @param {number} whole */
function rounded(values, whole) {
  const units = values.map(Math.floor);
  const order = values.map((value, index) => ({ index, rest: value - units[index] })).sort((a, b) => b.rest - a.rest);
  const missing = whole - units.reduce((sum, n) => sum + n, 0);
  for (const { index } of order.slice(0, Math.max(0, missing))) units[index] += 1;
  return units;
}
