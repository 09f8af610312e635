/** A sparkline of one link over the last minutes: transfers as points, the estimate as a line, answers as ringed dots. */

import { now } from "../clock.js";
import { el, svg } from "../dom.js";
import * as format from "../format.js";
import { decisionWords } from "./decisions.js";
import { gettext } from "../i18n.js";

const WINDOW_MS = 5 * 60 * 1000;
const W = 250, H = 92, LEFT = 2, BOTTOM = 78, TOP = 14;

/**
 * @param {import("./store.js").Sample[]} samples @param {import("./store.js").Estimate[]} estimates
 * @param {import("./decisions.js").Decision[]} decisions
 */
export function sparkline(samples, estimates, decisions) {
  const end = now();
  const recent = (/** @type {{at: number}} */ row) => row.at > end - WINDOW_MS;
  const points = samples.filter(recent), line = estimates.filter(recent), answers = decisions.filter(recent);
  if (!points.length && !answers.length) return el("p", { class: "hint" }, gettext("No transfer over this link in the last five minutes. The next question measures it."));
  const most = 1.1 * Math.max(1, ...points.map((point) => point.bytes_per_s), ...line.map((step) => step.up), ...answers.map((answer) => answer.up_bytes_per_s ?? 0));
  const x = (at) => LEFT + ((at - end + WINDOW_MS) / WINDOW_MS) * (W - 2 * LEFT);
  const y = (rate) => BOTTOM - (rate / most) * (BOTTOM - TOP);
  const figure = svg("svg", { class: "spark", viewBox: `0 0 ${W} ${H}`, role: "img", "aria-label": words(points, line, answers) });
  figure.append(svg("line", { class: "frame", x1: 0, x2: W, y1: BOTTOM, y2: BOTTOM }));
  if (line.length) figure.append(svg("path", { class: "estimate", d: steps(line, x, y) }));
  for (const point of points) {
    const mark = svg("circle", { class: "sample", cx: x(point.at).toFixed(1), cy: y(point.bytes_per_s).toFixed(1), r: radius(point.bytes) });
    mark.append(svg("title", {}, gettext("%(bytes)s in %(time)s: %(rate)s (%(source)s)",
      { bytes: format.bytes(point.bytes), time: format.ms(point.ms), rate: format.rate(point.bytes_per_s), source: point.source })));
    figure.append(mark);
  }
  for (const answer of answers) {
    const mark = svg("circle", { class: `decision fill-${format.placeOf(answer.route)}`, cx: x(answer.at).toFixed(1), cy: y(answer.up_bytes_per_s ?? 0).toFixed(1), r: 4 });
    mark.append(svg("title", {}, decisionWords(answer)));
    figure.append(mark);
  }
  figure.append(svg("text", { x: 0, y: 9 }, format.rate(most / 1.1)), svg("text", { x: 0, y: H - 2 }, gettext("5 min ago")),
    svg("text", { x: W, y: H - 2, "text-anchor": "end" }, gettext("now")));
  return figure;
}

/** The estimate holds until the next one. */
function steps(line, x, y) {
  const [first, ...rest] = line;
  const path = rest.map((step) => `H${x(step.at).toFixed(1)} V${y(step.up).toFixed(1)}`).join(" ");
  return `M${x(first.at).toFixed(1)} ${y(first.up).toFixed(1)} ${path} H${W - LEFT}`;
}

/** Large transfers say more about the bandwidth, so their points are larger. */
const radius = (bytes) => (bytes < 2000 ? 1.8 : bytes < 50000 ? 2.6 : 3.6);

function words(points, line, answers) {
  const last = line.at(-1);
  const values = { transfers: points.length, answers: answers.length, rate: last && format.rate(last.up) };
  return last ? gettext("%(transfers)s transfers and %(answers)s answers in five minutes; the estimate is %(rate)s", values)
    : gettext("%(transfers)s transfers and %(answers)s answers in five minutes", values);
}
