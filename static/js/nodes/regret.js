/** Placement against the best fixed route in hindsight: one sentence, and the cumulative difference per question. */

import { el, svg } from "../dom.js";
import * as format from "../format.js";
import { gettext, withElements } from "../i18n.js";

const W = 240, H = 56, TOP = 6, BOTTOM = 44;
const MIN_QUESTIONS = 3; // for a meaningful comparison

/** @param {string} slug @param {import("./decisions.js").Decisions} decisions @returns {?HTMLElement} */
export function regretOf(slug, decisions) {
  const regret = decisions.regret(slug), way = regret?.best_fixed;
  // Questions with a forced route were not placed.
  const rows = decisions.of(slug).filter((row) => way && typeof row.fixed_ms?.[way] === "number");
  if (!way || rows.length < MIN_QUESTIONS) return null;
  return el("div", { class: "regret", "data-link": slug }, el("p", {}, sentence(slug, regret, rows.length)), line(rows, way));
}

/** @param {string} slug @param {any} regret @param {number} count */
function sentence(slug, { ours_ms: ours, best_fixed: way, best_fixed_ms: best }, count) {
  const share = best > 0 ? ours / best - 1 : 0;
  const values = { share: format.percent(Math.abs(share)) };
  const comparison = Math.abs(share) < 0.0005 ? gettext("the same time as") : share > 0 ? gettext("%(share)s more time than", values) : gettext("%(share)s less time than", values);
  return withElements(
    gettext("%(node)s: your last %(count)s questions took %(comparison)s the best fixed route in hindsight, %(way)s: %(ours)s against %(best)s in total, both as predicted."),
    { node: el("b", {}, slug), count, comparison: el("b", {}, comparison), way, ours: format.ms(ours), best: format.ms(best) });
}

/** Cumulative milliseconds lost to the best fixed route, per question; below the line is time gained. */
function line(rows, way) {
  let lost = 0;
  const sums = rows.map((row) => (lost += row.predicted_ms - row.fixed_ms[way]));
  const [low, high] = [Math.min(0, ...sums), Math.max(0, ...sums)];
  const x = (index) => (index / Math.max(1, rows.length - 1)) * W;
  const y = (ms) => BOTTOM - ((ms - low) / (high - low || 1)) * (BOTTOM - TOP);
  const figure = svg("svg", { viewBox: `0 0 ${W} ${H}`, role: "img", "aria-label": gettext("Time lost to %(way)s so far: %(time)s", { way, time: format.ms(lost) }) });
  figure.append(
    svg("line", { class: "zero", x1: 0, x2: W, y1: y(0), y2: y(0) }),
    svg("polyline", { class: "ours", points: sums.map((sum, index) => `${x(index).toFixed(1)},${y(sum).toFixed(1)}`).join(" ") }),
    svg("text", { x: 0, y: H - 2 }, gettext("first of %(count)s", { count: rows.length })),
    svg("text", { x: W, y: H - 2, "text-anchor": "end" }, lost < 0 ? gettext("gained so far: %(time)s", { time: format.ms(-lost) }) : gettext("lost so far: %(time)s", { time: format.ms(lost) })),
  );
  return figure;
}
