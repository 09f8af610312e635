/** The geometry of the receipt's drawing, as numbers and path texts: pure, so that it can be checked without a page. */

import { spansOf } from "./spans.js";

const LAND = { top: 22, bottom: 86 };
const HEIGHT = 122;
const SCALE_Y = 116; // of the thin bar that is true to scale
const CURVE = 18;
const ROUND = 8;
const LEAST = { land: 86, link: 64 }; // pixels a name and a time need
const NECK = { leastBytes: 64, mostBytes: 4e6, least: 3, most: 58 };

/** Pixels of the neck: logarithmic, since a photo has a thousand times the bytes of a code. @param {number} bytes */
export function neckHeight(bytes) {
  const share = Math.log(Math.max(bytes, NECK.leastBytes) / NECK.leastBytes) / Math.log(NECK.mostBytes / NECK.leastBytes);
  return NECK.least + Math.min(1, share) * (NECK.most - NECK.least);
}

/**
 * Share `width` in proportion to `times`, where each part gets at least its `least`.
 * @param {number[]} times @param {number[]} least @param {number} width
 */
export function share(times, least, width) {
  const fixed = new Set();
  for (;;) {
    const free = times.map((_, i) => i).filter((i) => !fixed.has(i));
    const left = width - [...fixed].reduce((sum, i) => sum + least[i], 0);
    const total = free.reduce((sum, i) => sum + times[i], 0);
    const size = (i) => (total > 0 ? (left * times[i]) / total : left / free.length);
    const small = free.filter((i) => size(i) < least[i]);
    if (!small.length || small.length === free.length) return times.map((_, i) => (fixed.has(i) ? least[i] : size(i)));
    small.forEach((i) => fixed.add(i));
  }
}

/**
 * Two lands and the neck between them: each span's length is its time (with a least width), the neck's thickness the bytes.
 * @param {any} receipt a finished one @param {number} width @param {{land: number, link: number}} least widths
 */
export function shape(receipt, width, least = LEAST) {
  const actual = receipt.actual_ms;
  const scale = trueScale(actual, width);
  if (receipt.route === "device") {
    return { width, height: HEIGHT, land: LAND, device: rounded(width), link: null, edge: null, spans: { device: [0, width] }, scale };
  }
  const [a, b] = share([actual.device, actual.uplink, actual.edge], [least.land, least.link, least.land], width);
  const neck = neckHeight(receipt.bytes.uplink);
  const middle = (LAND.top + LAND.bottom) / 2;
  const sides = { top: middle - neck / 2, bottom: middle + neck / 2 };
  return {
    width, height: HEIGHT, land: LAND,
    device: land(a, sides, 0, 1),
    link: { x: a, y: sides.top, width: b, height: neck },
    edge: land(width - a - b, sides, width, -1),
    spans: { device: [0, a], link: [a, a + b], edge: [a + b, width] },
    scale,
  };
}

/** A land that ends in the neck; `from` is its outer side, `way` 1 to the right and -1 to the left. */
function land(length, { top, bottom }, from, way) {
  const x = (distance) => (from + way * distance).toFixed(1);
  const at = (y) => y.toFixed(1);
  const bend = Math.min(CURVE, length / 2);
  return [
    `M${x(ROUND)} ${LAND.top} H${x(length - bend)}`,
    `C${x(length - bend / 2)} ${LAND.top} ${x(length - bend / 2)} ${at(top)} ${x(length)} ${at(top)}`,
    `V${at(bottom)}`,
    `C${x(length - bend / 2)} ${at(bottom)} ${x(length - bend / 2)} ${LAND.bottom} ${x(length - bend)} ${LAND.bottom}`,
    `H${x(ROUND)} Q${x(0)} ${LAND.bottom} ${x(0)} ${LAND.bottom - ROUND}`,
    `V${LAND.top + ROUND} Q${x(0)} ${LAND.top} ${x(ROUND)} ${LAND.top} Z`,
  ].join(" ");
}

function rounded(width) {
  const { top, bottom } = LAND, r = ROUND;
  return `M${r} ${top} H${width - r} Q${width} ${top} ${width} ${top + r} V${bottom - r} Q${width} ${bottom} ${width - r} ${bottom} H${r} Q0 ${bottom} 0 ${bottom - r} V${top + r} Q0 ${top} ${r} ${top} Z`;
}

/** The thin bar below: every millisecond of the total, in proportion. */
function trueScale(actual, width) {
  const { spans } = spansOf(actual);
  const total = spans.reduce((sum, { ms }) => sum + ms, 0) || 1;
  let x = 0;
  return spans.map((span) => {
    const piece = { ...span, x, y: SCALE_Y, width: (width * span.ms) / total };
    x += piece.width;
    return piece;
  });
}
