/** Runs side by side: the same accuracies against rounds, bytes and seconds. */

import { curve } from "../charts.js";
import { all, boot, byId } from "../dom.js";
import * as format from "../format.js";
import { ticks, timeTicks } from "./charts.js";
import { fillFigures, share } from "./figures.js";
import { gettext } from "../i18n.js";

const DASHES = ["solid", "dash", "dot", "dashdot", "longdash", "longdashdot"];
const MARKS = ["circle", "diamond", "square", "triangle-up", "cross", "x"];
// Not the colours of device, link and edge.
const TONES = ["--ink", "--cloud", "--ink", "--cloud", "--ink", "--cloud"];
/** @type {Record<string, (most: number) => any>} */
const AXES = { round: (most) => ticks(most, String), bytes: (most) => ticks(most, format.bytes), seconds: timeTicks };

fillFigures();
const { runs } = boot();
Promise.all(all("[data-by]").map((place) => curve(place, (token) => drawing(place.dataset.by, token)))).catch(() => {
  byId("trouble").hidden = false;
  byId("trouble").textContent = gettext("The charts could not be loaded. Reload the page; the table has the latest values of every run.");
});

function drawing(by, token) {
  const most = Math.max(1, ...runs.flatMap((run) => run.rounds.map((round) => round[by])));
  const traces = runs.map((run, index) => {
    const measured = run.rounds.filter((round) => round.accuracy !== null);
    const colour = token(TONES[index]);
    return {
      name: gettext("run %(run)s", run), type: "scatter", mode: "lines+markers", cliponaxis: false, x: measured.map((round) => round[by]), y: measured.map((round) => round.accuracy),
      line: { color: colour, width: 2, dash: DASHES[index] }, marker: { color: colour, size: 6, symbol: MARKS[index] },
      text: measured.map((round) => `${gettext("run %(run)s", run)} (${run.title})<br>${gettext("round %(round)s", round)}: ${share(round.accuracy)}<br>${format.bytes(round.bytes)}, ${format.seconds(round.seconds)}`),
      hovertemplate: "%{text}<extra></extra>",
    };
  });
  return { traces, layout: { margin: { l: 48, r: 12, t: 14, b: 60 }, showlegend: true, xaxis: AXES[by](most), yaxis: { tickformat: ".0%", range: [0, 1], dtick: 0.25 } } };
}
