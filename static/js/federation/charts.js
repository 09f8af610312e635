/** The four charts of a run, in the colours that device and link have everywhere. */

import * as format from "../format.js";
import { share } from "./figures.js";
import { decimal, gettext } from "../i18n.js";

const PARTS = [
  { part: "compute", name: gettext("compute"), place: "--device" },
  { part: "uplink", name: gettext("uplink"), place: "--link-fill" },
  { part: "downlink", name: gettext("downlink"), place: "--link-fill", down: true },
  { part: "waiting", name: gettext("waiting"), place: "--cloud" },
];
const PLAIN = { margin: { l: 56, r: 8, t: 14, b: 40 }, showlegend: false };
const LEGEND = { margin: { l: 56, r: 8, t: 8, b: 60 }, showlegend: true, barmode: "stack", legend: { orientation: "h", y: -0.16, yanchor: "top", x: 0, traceorder: "normal" } };

/** @param {() => any[]} rounds @param {number} planned rounds in all */
export function chartsOf(rounds, planned) {
  const x = (title) => ({ title: { text: title, standoff: 4, font: { size: 12 } }, range: [0.5, Math.max(planned, ...rounds().map((round) => round.round)) + 0.5], tickformat: "d" });
  return {
    accuracy: (token) => ({
      traces: [line(rounds(), "accuracy", token("--ink"), share)],
      layout: { ...PLAIN, xaxis: x(gettext("round")), yaxis: { tickformat: ".0%", range: [0, 1], dtick: 0.25 } },
    }),
    loss: (token) => ({ traces: [line(rounds(), "loss", token("--ink"), (value) => decimal(value, 3))], layout: { ...PLAIN, xaxis: x(gettext("round")), yaxis: { rangemode: "tozero" } } }),
    bytes: (token) => {
      const rows = rounds();
      const most = Math.max(1, ...rows.map((round) => round.bytes_up + round.bytes_down));
      return {
        traces: [
          bars(rows, gettext("up"), (round) => round.bytes_up, token("--link-fill"), null, format.bytes),
          bars(rows, gettext("down"), (round) => round.bytes_down, token("--link-fill"), token("--card"), format.bytes),
        ],
        layout: { ...LEGEND, xaxis: x(""), yaxis: ticks(most, format.bytes) },
      };
    },
    seconds: (token) => {
      const rows = rounds();
      const most = Math.max(0.1, ...rows.map((round) => PARTS.reduce((sum, { part }) => sum + (round.seconds[part] ?? 0), 0)));
      return {
        traces: PARTS.map(({ part, name, place, down }) => bars(rows, name, (round) => round.seconds[part] ?? 0, token(place), down ? token("--card") : null, format.seconds)),
        layout: { ...LEGEND, xaxis: x(""), yaxis: timeTicks(most) },
      };
    },
  };
}

/** Every point as measured, without smoothing. */
function line(rows, name, colour, words) {
  const measured = rows.filter((round) => round[name] !== null && round[name] !== undefined);
  return {
    type: "scatter", mode: "lines+markers", cliponaxis: false, x: measured.map((round) => round.round), y: measured.map((round) => round[name]),
    line: { color: colour, width: 2 }, marker: { color: colour, size: 6, symbol: measured.map((round) => (round.counted === false ? "circle-open" : "circle")) },
    text: measured.map((round) => `${gettext("round %(round)s", round)}: ${words(round[name])}${round.counted === false ? `<br>${gettext("discarded: quorum not met, model unchanged")}` : ""}`), hovertemplate: "%{text}<extra></extra>",
  };
}

/** One colour for the link in both directions: the downlink is striped. */
function bars(rows, name, of, colour, stripes, words) {
  return {
    type: "bar", name, x: rows.map((round) => round.round), y: rows.map(of), marker: { color: colour, line: { width: 0 }, ...(stripes && { pattern: { shape: "/", fillmode: "overlay", fgcolor: stripes, fgopacity: 1, size: 6, solidity: 0.4 } }) },
    text: rows.map((round) => `${gettext("round %(round)s", round)}, ${name}: ${words(of(round))}`), textposition: "none", hovertemplate: "%{text}<extra></extra>",
  };
}

/** A few round values with their unit, from zero to `most`: of things that are counted, so no step is less than one. @param {number} most @param {(n: number) => string} words */
export function ticks(most, words) {
  const power = 10 ** Math.floor(Math.log10(most / 3));
  const step = Math.max(1, power * ([1, 2, 5, 10].find((times) => power * times >= most / 5) ?? 10));
  return axis(most, step, words);
}

/** The same of seconds, which are round in sixties. Every tick has the unit of the step, so that it says exactly where it stands. @param {number} most */
export function timeTicks(most) {
  const step = TIME_STEPS.find((seconds) => seconds >= most / 5) ?? 86400 * Math.ceil(most / 5 / 86400);
  const [unit, seconds] = step < 60 ? ["s", 1] : step < 3600 ? ["min", 60] : ["h", 3600];
  return axis(most, step, (value) => `${decimal(Number((value / seconds).toFixed(1)))} ${unit}`);
}

const TIME_STEPS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 21600, 43200, 86400];

/** @param {number} most @param {number} step @param {(n: number) => string} words */
function axis(most, step, words) {
  const tickvals = Array.from({ length: Math.floor((most * 1.05) / step) + 1 }, (_, i) => i * step);
  return { range: [0, most * 1.05], tickvals, ticktext: tickvals.map(words) };
}
