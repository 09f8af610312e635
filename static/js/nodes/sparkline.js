/** The link of one device over the last minutes, small: transfers as points, the estimate a line, answers as ringed dots. */

import { now } from "../clock.js";
import { el, svg } from "../dom.js";
import * as format from "../format.js";
import { decisionWords } from "./decisions.js";

const WINDOW_MS = 5 * 60 * 1000;
const W = 250, H = 92, LEFT = 2, BOTTOM = 78, TOP = 14;

/**
 * @param {import("./store.js").Sample[]} samples @param {import("./store.js").Estimate[]} estimates
 * @param {import("./decisions.js").Decision[]} decisions
 */
export function sparkline(samples, estimates, decisions) {
  const end = now();
  const [points, line, answers] = [samples, estimates, decisions].map((rows) => rows.filter((one) => one.at > end - WINDOW_MS));
  if (!points.length && !answers.length) return el("p", { class: "hint" }, "Nothing crossed this link in the last five minutes. The next question measures it.");
  const most = 1.1 * Math.max(1, ...points.map((one) => one.bytes_per_s), ...line.map((one) => one.up), ...answers.map((one) => one.up_bytes_per_s ?? 0));
  const x = (at) => LEFT + ((at - end + WINDOW_MS) / WINDOW_MS) * (W - 2 * LEFT);
  const y = (rate) => BOTTOM - (rate / most) * (BOTTOM - TOP);
  const figure = svg("svg", { class: "spark", viewBox: `0 0 ${W} ${H}`, role: "img", "aria-label": words(points, line, answers) });
  figure.append(svg("line", { class: "frame", x1: 0, x2: W, y1: BOTTOM, y2: BOTTOM }));
  if (line.length) figure.append(svg("path", { class: "estimate", d: steps(line, x, y) }));
  for (const one of points) {
    const mark = svg("circle", { class: "sample", cx: x(one.at).toFixed(1), cy: y(one.bytes_per_s).toFixed(1), r: radius(one.bytes) });
    mark.append(svg("title", {}, `${format.bytes(one.bytes)} in ${format.ms(one.ms)}: ${format.rate(one.bytes_per_s)} (${one.source})`));
    figure.append(mark);
  }
  for (const one of answers) {
    const mark = svg("circle", { class: `decision fill-${format.placeOf(one.route)}`, cx: x(one.at).toFixed(1), cy: y(one.up_bytes_per_s ?? 0).toFixed(1), r: 4 });
    mark.append(svg("title", {}, decisionWords(one)));
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

function words(points, line, answers) {
  const last = line.at(-1);
  return `${points.length} transfers and ${answers.length} answers in five minutes${last ? `; the estimate is ${format.rate(last.up)}` : ""}`;
}
