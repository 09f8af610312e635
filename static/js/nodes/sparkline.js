/** The link of one device over the last minutes, small: each transfer a point, the estimate a line. */

import { now } from "../clock.js";
import { el, svg } from "../dom.js";
import * as format from "../format.js";

const WINDOW_MS = 5 * 60 * 1000;
const W = 250, H = 92, LEFT = 2, BOTTOM = 78, TOP = 14;

/** @param {import("./store.js").Sample[]} samples @param {import("./store.js").Estimate[]} estimates */
export function sparkline(samples, estimates) {
  const end = now();
  const points = samples.filter((one) => one.at > end - WINDOW_MS);
  const line = estimates.filter((one) => one.at > end - WINDOW_MS);
  if (!points.length) return el("p", { class: "hint" }, "Nothing crossed this link in the last five minutes. The next question measures it.");
  const most = 1.1 * Math.max(...points.map((one) => one.bytes_per_s), ...line.map((one) => one.up));
  const x = (at) => LEFT + ((at - end + WINDOW_MS) / WINDOW_MS) * (W - 2 * LEFT);
  const y = (rate) => BOTTOM - (rate / most) * (BOTTOM - TOP);
  const figure = svg("svg", { class: "spark", viewBox: `0 0 ${W} ${H}`, role: "img", "aria-label": words(points, line) });
  figure.append(svg("line", { class: "frame", x1: 0, x2: W, y1: BOTTOM, y2: BOTTOM }));
  if (line.length) figure.append(svg("path", { class: "estimate", d: steps(line, x, y) }));
  for (const one of points) {
    const mark = svg("circle", { class: "sample", cx: x(one.at).toFixed(1), cy: y(one.bytes_per_s).toFixed(1), r: radius(one.bytes) });
    mark.append(svg("title", {}, `${format.bytes(one.bytes)} in ${format.ms(one.ms)}: ${format.rate(one.bytes_per_s)} (${one.source})`));
    figure.append(mark);
  }
  figure.append(svg("text", { x: 0, y: 9 }, format.rate(most / 1.1)), svg("text", { x: 0, y: H - 2 }, "5 min ago"),
    svg("text", { x: W, y: H - 2, "text-anchor": "end" }, "now"));
  return figure;
}

/** The estimate holds until the next one. */
function steps(line, x, y) {
  const [first, ...rest] = line;
  const path = rest.map((one) => `H${x(one.at).toFixed(1)} V${y(one.up).toFixed(1)}`).join(" ");
  return `M${x(first.at).toFixed(1)} ${y(first.up).toFixed(1)} ${path} H${W - LEFT}`;
}

/** Large transfers tell more about the bandwidth, so they are larger points. */
const radius = (bytes) => (bytes < 2000 ? 1.8 : bytes < 50000 ? 2.6 : 3.6);

function words(points, line) {
  const last = line.at(-1);
  return `${points.length} transfers in five minutes${last ? `; the estimate is ${format.rate(last.up)}` : ""}`;
}
