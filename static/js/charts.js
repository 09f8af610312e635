/** The only module that touches Plotly: loads it on demand, and draws the links. */

import { now } from "./clock.js";
import { el } from "./dom.js";
import * as format from "./format.js";
import { labels } from "./labels.js";
import { decisionWords } from "./nodes/decisions.js";
import { decimal, gettext } from "./i18n.js";

const SOURCE = "/static/plotly/plotly.min.js";
const WINDOW_MS = 10 * 60 * 1000, LEAST_MS = 2 * 60 * 1000; // shown at most, and at least
const BATCH_MS = 250; // four times a second, however fast samples come
const SLIDE_MS = 2000; // without samples the time axis still moves
const SEPARATORS = `${decimal(0.5, 1)[1]}\u202f`; // of decimals and thousands
const MARKS = ["circle", "diamond", "square", "triangle-up", "cross", "x", "star", "pentagon"];

/** @type {?Promise<any>} */
let loading = null;

function plotly() {
  loading ??= new Promise((resolve, reject) => {
    const script = el("script", { src: SOURCE });
    script.onload = () => resolve(/** @type {any} */ (window).Plotly);
    script.onerror = () => reject(new Error("Plotly could not be loaded"));
    document.head.append(script);
  });
  return loading;
}

/**
 * Keep a chart of every device's link up to date. One colour for the link, as everywhere; devices differ in their marks.
 * A person's own answers are ringed dots, coloured by route.
 * @param {HTMLElement} place @param {import("./nodes/store.js").NodeStore} store
 * @param {import("./nodes/decisions.js").Decisions} decisions @param {(drawn: boolean) => void} onDrawn
 */
export async function linkChart(place, store, decisions, onDrawn) {
  const Plotly = await plotly();
  let changed = true, busy = false, drawnAt = 0;
  store.onChange(() => (changed = true));
  decisions.onChange(() => (changed = true));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => (changed = true));
  const draw = async () => {
    if (busy || document.hidden || (!changed && Date.now() - drawnAt < SLIDE_MS)) return;
    changed = false;
    drawnAt = Date.now();
    const links = store.of("device").flatMap((node, index) => tracesOf(node.slug, index, store, decisions));
    const traces = [...links, ...answers(store, decisions)].filter((trace) => trace.x.length);
    onDrawn(traces.length > 0);
    if (!traces.length) return;
    busy = true;
    await Plotly.react(place, traces, layout(traces), { displayModeBar: false, responsive: true });
    busy = false;
  };
  setInterval(draw, BATCH_MS);
  await draw();
}

/** Every measured point, and the estimate as a line. */
function tracesOf(slug, index, store, decisions) {
  const from = now() - WINDOW_MS;
  const points = (store.samples.get(slug) ?? []).filter((sample) => sample.at > from);
  const line = decisions.estimates(slug).filter((sample) => sample.at > from);
  const colour = token("--link-fill"), dash = index ? ["dash", "dot", "dashdot"][(index - 1) % 3] : "solid";
  return [
    {
      name: slug, legendgroup: slug, mode: "markers", type: "scatter",
      x: points.map((sample) => new Date(sample.at)), y: points.map((sample) => sample.bytes_per_s),
      marker: { color: colour, opacity: 0.8, line: { width: 0 }, symbol: MARKS[index % MARKS.length], size: points.map((sample) => size(sample.bytes)) },
      text: points.map((sample) => `${slug}: ${gettext("%(bytes)s in %(time)s", { bytes: format.bytes(sample.bytes), time: format.ms(sample.ms) })}<br>${format.rate(sample.bytes_per_s)} (${sample.source})`),
      hovertemplate: "%{text}<br>%{x|%H:%M:%S}<extra></extra>",
    },
    {
      name: gettext("%(node)s, estimate", { node: slug }), legendgroup: slug, showlegend: false, mode: "lines", type: "scatter",
      x: [...line.map((sample) => new Date(sample.at)), ...(line.length ? [new Date(now())] : [])],
      y: [...line.map((sample) => sample.up), ...line.slice(-1).map((sample) => sample.up)],
      line: { color: colour, width: 2, shape: "hv", dash },
      text: line.map((sample) => format.rate(sample.up)),
      hovertemplate: `${gettext("%(node)s, estimate", { node: slug })}: %{text}<extra></extra>`,
    },
  ];
}

/** The estimate at the time of each decision; zero if the link was not measured yet. */
function answers(store, decisions) {
  const from = now() - WINDOW_MS;
  const all = store.of("device").flatMap(({ slug }) => decisions.of(slug).filter((sample) => sample.at > from).map((sample) => ({ ...sample, slug })));
  return labels("routes").map(({ name: route, label: name, place = "" }) => {
    const rows = all.filter((sample) => sample.route === route);
    const colour = token(place === "link" ? "--link-fill" : `--${place}`);
    return {
      name, mode: "markers", type: "scatter", cliponaxis: false,
      x: rows.map((sample) => new Date(sample.at)), y: rows.map((sample) => sample.up_bytes_per_s ?? 0),
      marker: { color: colour, size: 11, symbol: "circle", line: { color: token("--ink"), width: 1.5 } },
      text: rows.map((sample) => `${sample.slug}, ${decisionWords(sample)}`),
      hovertemplate: "%{text}<br>%{x|%H:%M:%S}<extra></extra>",
    };
  });
}

/** Large transfers say more about the bandwidth. */
const size = (bytes) => Math.min(12, 4 + Math.log10(Math.max(bytes, 10)));

/** @param {any[]} traces */
function layout(traces) {
  const ink = token("--soft"), line = token("--line");
  const axis = { gridcolor: line, linecolor: line, zerolinecolor: line, fixedrange: true };
  const end = now(), first = Math.min(...traces.flatMap((trace) => trace.x.map(Number)));
  const begin = Math.max(end - WINDOW_MS, Math.min(first, end - LEAST_MS)); // a link used for a minute fills the chart too
  return {
    margin: { l: 64, r: 8, t: 8, b: 32 }, paper_bgcolor: "transparent", plot_bgcolor: "transparent",
    font: { family: "system-ui, Noto Sans, sans-serif", size: 12, color: ink },
    xaxis: { ...axis, type: "date", range: [new Date(begin), new Date(end)], tickformat: end - begin < WINDOW_MS / 2 ? "%H:%M:%S" : "%H:%M" },
    yaxis: { ...axis, ...ticks(traces) },
    legend: { orientation: "h", y: 1.02, yanchor: "bottom", x: 0 }, showlegend: true, hovermode: "closest", uirevision: "links", separators: SEPARATORS,
  };
}

/** Plotly would write kB where the rest of the page writes KB. */
function ticks(traces) {
  const most = 1.08 * Math.max(1, ...traces.flatMap((trace) => trace.y));
  const power = 10 ** Math.floor(Math.log10(most / 4));
  const step = power * ([1, 2, 5, 10].find((times) => power * times >= most / 5) ?? 10);
  const tickvals = Array.from({ length: Math.floor(most / step) + 1 }, (_, i) => i * step);
  return { range: [0, most], tickvals, ticktext: tickvals.map((value) => format.rate(value)) };
}

/**
 * Draw static points; redrawn when the theme changes, since every colour comes from it, or on request.
 * @typedef {(token: (name: string) => string) => {traces: any[], layout: any}} Drawing `token` gives the value of a CSS token
 * @param {HTMLElement} place @param {Drawing} make
 * @returns {Promise<() => Promise<void>>} redraws with what `make` returns by then
 */
export async function curve(place, make) {
  const Plotly = await plotly();
  const draw = () => {
    const { traces, layout } = make(token);
    const ink = token("--soft"), line = token("--line");
    const axis = { gridcolor: line, linecolor: line, zerolinecolor: line, fixedrange: true };
    return Plotly.react(place, traces, {
      margin: { l: 56, r: 8, t: 8, b: 32 }, paper_bgcolor: "transparent", plot_bgcolor: "transparent", hovermode: "closest", separators: SEPARATORS,
      font: { family: "system-ui, Noto Sans, sans-serif", size: 12, color: ink }, legend: { orientation: "h", y: -0.14, yanchor: "top", x: 0 },
      ...layout, xaxis: { ...axis, ...layout.xaxis }, yaxis: { ...axis, ...layout.yaxis },
    }, { displayModeBar: false, responsive: true });
  };
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  await draw();
  return draw;
}

const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
