/** Runs side by side: the same accuracies against rounds, bytes and seconds. */

import { curve } from "../charts.js";
import { boot, byId } from "../dom.js";
import * as format from "../format.js";
import { ticks } from "./charts.js";
import { fillFigures, share } from "./figures.js";

const DASHES = ["solid", "dash", "dot", "dashdot", "longdash", "longdashdot"];
const MARKS = ["circle", "diamond", "square", "triangle-up", "cross", "x"];
// Not the colours of device, link and edge: a run is none of these.
const TONES = ["--ink", "--cloud", "--ink", "--cloud", "--ink", "--cloud"];
const WORDS = { round: (value) => String(Math.round(value)), bytes: format.bytes, seconds: format.seconds };

fillFigures();
const { runs } = boot();
Promise.all([...document.querySelectorAll("[data-by]")].map((place) => curve(place, (token) => drawing(place.dataset.by, token)))).catch(() => {
  byId("trouble").hidden = false;
  byId("trouble").textContent = "The charts could not be loaded. Reload the page; the table has the last of every run.";
});

function drawing(by, token) {
  const most = Math.max(1, ...runs.flatMap((run) => run.rounds.map((one) => one[by])));
  const traces = runs.map((run, index) => {
    const known = run.rounds.filter((one) => one.accuracy !== null);
    const colour = token(TONES[index]);
    return {
      name: `run ${run.run}`, type: "scatter", mode: "lines+markers", cliponaxis: false, x: known.map((one) => one[by]), y: known.map((one) => one.accuracy),
      line: { color: colour, width: 2, dash: DASHES[index] }, marker: { color: colour, size: 6, symbol: MARKS[index] },
      text: known.map((one) => `run ${run.run} (${run.title})<br>round ${one.round}: ${share(one.accuracy)}<br>${format.bytes(one.bytes)}, ${format.seconds(one.seconds)}`),
      hovertemplate: "%{text}<extra></extra>",
    };
  });
  return { traces, layout: { margin: { l: 48, r: 12, t: 14, b: 60 }, showlegend: true, xaxis: ticks(most, WORDS[by]), yaxis: { tickformat: ".0%", range: [0, 1], dtick: 0.25 } } };
}
