/** The only module that touches Plotly: loads it when a chart is wanted, and draws the links. */

import { now } from "./clock.js";
import { el } from "./dom.js";
import * as format from "./format.js";
import { decisionWords } from "./nodes/decisions.js";

const SOURCE = "/static/plotly/plotly.min.js";
const WINDOW_MS = 10 * 60 * 1000, LEAST_MS = 2 * 60 * 1000; // shown at most, and at least
const BATCH_MS = 250; // four times a second, however fast samples come
const SLIDE_MS = 2000; // without samples the time axis still moves
const MARKS = ["circle", "diamond", "square", "triangle-up", "cross", "x", "star", "pentagon"];

/** @type {?Promise<any>} */
let loading = null;

function plotly() {
  loading ??= new Promise((resolve, reject) => {
    const script = el("script", { src: SOURCE });
    script.onload = () => resolve(window.Plotly);
    script.onerror = () => reject(new Error("Plotly could not be loaded"));
    document.head.append(script);
  });
  return loading;
}

/**
 * Keep a chart of every device's link up to date. One colour for the link, as everywhere; devices differ in their marks.
 * A person's own answers are ringed dots on it, coloured by route.
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

/** The points as they were measured, always; the estimate as the line it is used as. */
function tracesOf(slug, index, store, decisions) {
  const from = now() - WINDOW_MS;
  const points = (store.samples.get(slug) ?? []).filter((one) => one.at > from);
  const line = decisions.estimates(slug).filter((one) => one.at > from);
  const colour = token("--link-fill"), dash = index ? ["dash", "dot", "dashdot"][(index - 1) % 3] : "solid";
  return [
    {
      name: slug, legendgroup: slug, mode: "markers", type: "scatter",
      x: points.map((one) => new Date(one.at)), y: points.map((one) => one.bytes_per_s),
      marker: { color: colour, opacity: 0.8, line: { width: 0 }, symbol: MARKS[index % MARKS.length], size: points.map((one) => size(one.bytes)) },
      text: points.map((one) => `${slug}: ${format.bytes(one.bytes)} in ${format.ms(one.ms)}<br>${format.rate(one.bytes_per_s)} (${one.source})`),
      hovertemplate: "%{text}<br>%{x|%H:%M:%S}<extra></extra>",
    },
    {
      name: `${slug}, estimate`, legendgroup: slug, showlegend: false, mode: "lines", type: "scatter",
      x: [...line.map((one) => new Date(one.at)), ...(line.length ? [new Date(now())] : [])],
      y: [...line.map((one) => one.up), ...line.slice(-1).map((one) => one.up)],
      line: { color: colour, width: 2, shape: "hv", dash },
      text: line.map((one) => format.rate(one.up)),
      hovertemplate: `${slug}, estimate: %{text}<extra></extra>`,
    },
  ];
}

const ROUTES = { device: "device", edge: "edge", split: "split" };

/** Where the estimate stood when an answer was decided; on the ground where nothing was known of the link. */
function answers(store, decisions) {
  const from = now() - WINDOW_MS;
  const all = store.of("device").flatMap(({ slug }) => decisions.of(slug).filter((one) => one.at > from).map((one) => ({ ...one, slug })));
  return Object.entries(ROUTES).map(([route, name]) => {
    const rows = all.filter((one) => one.route === route);
    const colour = token(route === "split" ? "--link-fill" : `--${route}`);
    return {
      name, mode: "markers", type: "scatter", cliponaxis: false,
      x: rows.map((one) => new Date(one.at)), y: rows.map((one) => one.up_bytes_per_s ?? 0),
      marker: { color: colour, size: 11, symbol: "circle", line: { color: token("--ink"), width: 1.5 } },
      text: rows.map((one) => `${one.slug}, ${decisionWords(one)}`),
      hovertemplate: "%{text}<br>%{x|%H:%M:%S}<extra></extra>",
    };
  });
}

/** Large transfers tell more about the bandwidth. */
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
    legend: { orientation: "h", y: 1.02, yanchor: "bottom", x: 0 }, showlegend: true, hovermode: "closest", uirevision: "links",
  };
}

/** Plotly would write kB where the rest of the page writes KB. */
function ticks(traces) {
  const most = 1.08 * Math.max(1, ...traces.flatMap((trace) => trace.y));
  const power = 10 ** Math.floor(Math.log10(most / 4));
  const step = power * [1, 2, 5, 10].find((times) => power * times >= most / 5);
  const tickvals = Array.from({ length: Math.floor(most / step) + 1 }, (_, i) => i * step);
  return { range: [0, most], tickvals, ticktext: tickvals.map((value) => format.rate(value)) };
}

/**
 * Draw points that stand still; anew when the theme changes, as every colour comes from there, or when the caller says so.
 * @param {HTMLElement} place @param {(token: (name: string) => string) => {traces: any[], layout: any}} make
 * @returns {Promise<() => Promise<void>>} draws again what `make` gives by then
 */
export async function curve(place, make) {
  const Plotly = await plotly();
  const draw = () => {
    const { traces, layout } = make(token);
    const ink = token("--soft"), line = token("--line");
    const axis = { gridcolor: line, linecolor: line, zerolinecolor: line, fixedrange: true };
    return Plotly.react(place, traces, {
      margin: { l: 56, r: 8, t: 8, b: 32 }, paper_bgcolor: "transparent", plot_bgcolor: "transparent", hovermode: "closest",
      font: { family: "system-ui, Noto Sans, sans-serif", size: 12, color: ink }, legend: { orientation: "h", y: -0.14, yanchor: "top", x: 0 },
      ...layout, xaxis: { ...axis, ...layout.xaxis }, yaxis: { ...axis, ...layout.yaxis },
    }, { displayModeBar: false, responsive: true });
  };
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  await draw();
  return draw;
}

const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
