/** The page of accuracy against bytes: gives the measured points to the charts. */

import { curve } from "./charts.js";
import { all, boot, byId } from "./dom.js";
import * as format from "./format.js";
import { labels } from "./labels.js";
import { decimal, gettext } from "./i18n.js";

const start = boot();
// The feature code sends features over the link; every photo codec sends the photo to the edge. Colours show that, marks and dashes the codec.
const MARKS = ["square", "diamond", "triangle-up", "cross"], DASHES = ["solid", "dash", "dot", "dashdot"];
const CODECS = labels("codecs").map(({ name, label }, index) => (
  { method: name, name: label, place: "--edge", symbol: MARKS[index % MARKS.length], dash: DASHES[index % DASHES.length] }));
const TAILS = { plain: gettext("plain"), adapted: gettext("adapted") };
const METHODS = [
  { method: "code", name: gettext("feature code"), place: "--link-fill", symbol: "circle", dash: "solid" },
  { method: "refine", name: gettext("feature code, refined when unsure"), place: "--link-fill", symbol: "star", dash: null },
  ...CODECS,
];
// One line in the legend for all split points; the tooltip says which it is.
const oneEntry = (first) => ({ name: gettext("feature code, at each split point"), legendgroup: "code", showlegend: first });
const BYTES = [20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000];

for (const small of all("[data-bytes]")) small.textContent = format.bytes(Number(small.dataset.bytes));
const places = all(".curve");
Promise.all(places.map((place) => curve(place, (token) => (place.dataset.task ? ofTask(start.tasks[place.dataset.task], token) : ofLook(place.dataset.look, token)))))
  .catch(() => {
    byId("trouble").hidden = false;
    byId("trouble").textContent = gettext("The charts could not be loaded. Reload the page; the tables have every number.");
  });

function ofTask(task, token) {
  const shown = task.metric.startsWith("BLEU") ? (value) => decimal(value, 3) : format.percent;
  /** @type {any[]} */
  const traces = METHODS.filter(({ method }) => task[method].length).map((style) => {
    const rows = better(task[style.method]);
    return { ...trace(style, rows, rows.map((row) => row.accuracy), token), error_y: errorBars(rows), text: rows.map((row) => words(style.name, row, shown)) };
  });
  traces.push({ ...trace({ name: gettext("original file"), place: "--edge", symbol: "x", dash: null }, [task.upload], [task.upload.accuracy], token),
    text: [words(gettext("original file"), task.upload, shown)] });
  const rows = METHODS.flatMap(({ method }) => task[method]);
  const full = task.full.accuracy, soft = token("--soft");
  const shapes = [{ type: "line", xref: "paper", x0: 0, x1: 1, y0: full, y1: full, line: { color: soft, width: 1, dash: "dash" } }];
  const annotations = [{ xref: "paper", x: 0, y: full, xanchor: "left", yanchor: "bottom", showarrow: false, text: gettext("uncompressed %(accuracy)s", { accuracy: shown(full) }), font: { color: soft } }];
  return { traces, layout: { xaxis: bytesAxis([...rows, task.upload]), yaxis: { tickformat: task.metric.startsWith("BLEU") ? ".2f" : ".0%" }, shapes, annotations } };
}

function ofLook(name, token) {
  const unit = name === "psnr" ? " dB" : "", digits = name === "psnr" ? 1 : 2;
  const points = [...new Set(start.looks.code.map((row) => row.split_at))];
  const dashes = ["solid", "dash", "dot", "dashdot", "longdash"];
  const ours = points.map((k, index) => [{ ...METHODS[0], name: gettext("feature code, split %(place)s", { place: format.afterBlock(k) }), dash: dashes[index % dashes.length] },
    start.looks.code.filter((row) => row.split_at === k)]);
  const codecs = CODECS.map((style) => [style, start.looks[style.method]]);
  const traces = [...ours, ...codecs].filter(([, rows]) => rows.length).map(([style, rows]) => ({
    ...trace(style, rows, rows.map((row) => row[name]), token), ...(style.method === "code" && oneEntry(style === ours[0][0])),
    text: rows.map((row) => `${style.name}${row.level ? `, ${gettext("level %(level)s", { level: row.level })}` : ` ${row.quality}`}<br>${format.bytes(row.bytes)}: ${decimal(row[name], digits)}${unit}`),
  }));
  return { traces, layout: { xaxis: bytesAxis([...ours, ...codecs].flatMap(([, rows]) => rows)), yaxis: { title: { text: name.toUpperCase() }, ticksuffix: unit } } };
}

/** The better of a quality's two rows (plain and adapted tails), as in the ratios. */
function better(rows) {
  const best = new Map();
  for (const row of rows) {
    const key = row.quality ?? `${row.split_at}/${row.level}/${row.refine_to ?? ""}`;
    if (!best.has(key) || best.get(key).accuracy < row.accuracy) best.set(key, row);
  }
  return [...best.values()].sort((a, b) => a.bytes - b.bytes);
}

function trace({ name, place, symbol, dash }, rows, y, token) {
  const colour = token(place);
  return { name, type: "scatter", mode: dash ? "lines+markers" : "markers", x: rows.map((row) => row.bytes), y, hovertemplate: "%{text}<extra></extra>",
    line: { color: colour, width: 2, ...(dash && { dash }) }, marker: { color: colour, symbol, size: dash ? 7 : 10 } };
}

const errorBars = (rows) => ({ type: "data", symmetric: false, thickness: 0.7, width: 2,
  array: rows.map((row) => row.accuracy_ci[1] - row.accuracy), arrayminus: rows.map((row) => row.accuracy - row.accuracy_ci[0]) });

function words(name, row, shown) {
  const values = { quality: row.quality, tails: TAILS[row.tails] ?? row.tails, level: row.level, refined: row.refine_to, share: format.percent(row.refined_share) };
  const how = row.quality ? gettext(" %(quality)s, %(tails)s tails", values) : row.level ? `, ${format.afterBlock(row.split_at)}, ${gettext("level %(level)s", values)}` : "";
  const then = row.refine_to ? `, ${gettext("then %(refined)s for %(share)s", values)}` : "";
  const interval = gettext("%(accuracy)s (%(low)s to %(high)s)", { accuracy: shown(row.accuracy), low: shown(row.accuracy_ci[0]), high: shown(row.accuracy_ci[1]) });
  return `${name}${how}${then}<br>${format.bytes(row.bytes)}: ${interval}`;
}

function bytesAxis(rows) {
  const sizes = rows.map((row) => row.bytes);
  const range = [Math.log10(Math.min(...sizes) * 0.85), Math.log10(Math.max(...sizes) * 1.15)];
  return { type: "log", range, tickvals: BYTES, ticktext: BYTES.map(format.bytes) };
}
