/** The page of one node: its card, the history of its sensors and its link, and for staff the audit log. */

import { ApiError, call } from "../api.js";
import { curve } from "../charts.js";
import { now, onTick } from "../clock.js";
import { all, boot, byId, el, sentence } from "../dom.js";
import { gettext } from "../i18n.js";
import { SENSORS } from "../labels.js";
import { looksSame, nodeCard, replaceCard, updateAges } from "../nodes/card.js";
import { NodeStore } from "../nodes/store.js";
import { agentLog } from "./agent-log.js";
import { cameraAccess } from "./camera-access.js";
import { cameraPreviews } from "./camera-previews.js";
import { thumbnails } from "./thumbnails.js";
import { time } from "../times.js";
import { Readings } from "./readings.js";

const start = boot();
const slug = start.node.slug;
const colour = `--${start.node.tier}`;
const store = new NodeStore([start.node], note, [slug]);
const readings = new Readings(slug);
/** @type {Map<string, import("../labels.js").Sensor[]>} title -> sensors that share a chart */
const CHARTS = new Map();
for (const sensor of SENSORS.filter(({ chart }) => chart)) CHARTS.set(sensor.chart, [...(CHARTS.get(sensor.chart) ?? []), sensor]);
const EDGE = 0.03; // of a chart's height above and below it: a line that lies at 0 or 100 % is seen whole
/** @type {Map<HTMLElement, () => Promise<void>>} */
const drawn = new Map();
/** @type {{card: ?HTMLElement, node: any}} */
let shown = { card: null, node: null };

function draw() {
  const node = store.nodes.get(slug);
  if (!node) return note(gettext("This node was revoked or removed."));
  byId("title").textContent = node.title;
  if (shown.card && looksSame(shown.node, node)) return void (shown.node = node);
  const card = nodeCard(node, start.can_manage, manage);
  if (shown.card) replaceCard(shown.card, card);
  else byId("node").replaceChildren(card);
  shown = { card, node };
}

/** @param {any} _node @param {import("../nodes/card.js").Verb} verb @param {any} [body] */
async function manage(_node, verb, body = {}) {
  try {
    store.put((await call("POST", `/devices/${slug}/${verb}/`, body)).node);
    note(null);
  } catch (error) {
    note(sentence(error));
  }
  draw();
}

async function charts() {
  for (const [title, sensors] of CHARTS) await chart(figureOf(title), sensors.some(({ name }) => readings.has(name)), (token) => lines(sensors, token));
  await chart(byId("uplink"), readings.link.length > 0, readings.link_line ? bandwidth : transfers);
  const lacking = SENSORS.filter(({ name }) => !readings.has(name)).map((sensor) => sensor.label);
  byId("no-history").hidden = readings.at.length > 0 || readings.link.length > 0;
  byId("lacking").textContent = readings.at.length && lacking.length ? gettext("Not available on this board: %(sensors)s.", { sensors: lacking.join(", ") }) : "";
}

/** The figure of a chart, made when it is first needed. @param {string} title @returns {HTMLElement} */
function figureOf(title) {
  const figures = all("figure");
  const present = figures.find((figure) => figure.dataset.chart === title);
  if (present) return present;
  const figure = el("figure", { "data-chart": title, hidden: true }, el("figcaption", {}, title), el("div", { class: "chart" }));
  byId("uplink").before(figure);
  return figure;
}

/** @param {HTMLElement} figure @param {boolean} any whether there is anything to draw @param {import("../charts.js").Drawing} make */
async function chart(figure, any, make) {
  figure.hidden = !any;
  if (!any) return;
  const redraw = drawn.get(figure);
  if (redraw) await redraw();
  else drawn.set(figure, await curve(/** @type {HTMLElement} */ (figure.querySelector(".chart")), make));
}

/** @param {import("../labels.js").Sensor[]} sensors @param {(token: string) => string} token */
function lines(sensors, token) {
  const traces = sensors.filter(({ name }) => readings.has(name)).map(({ name, label, divisor, unit }, index) => ({
    name: label, type: "scatter", mode: "lines", connectgaps: false,
    x: readings.at.map((at) => new Date(at)), y: readings.columns[name].map((value) => (value === null ? null : value / divisor)),
    line: { color: token(colour), width: 1.6, dash: index ? "dot" : "solid" },
    hovertemplate: `${label}: %{y:.1f} ${unit}<br>%{x|${readings.hours > 24 ? "%d %b %H:%M" : "%H:%M:%S"}}<extra></extra>`,
  }));
  const maximum = sensors[0].maximum;
  const range = maximum === null ? { rangemode: "tozero" } : { range: [-EDGE * maximum, (1 + EDGE) * maximum] };
  return { traces, layout: { ...timeAxis(), yaxis: range, showlegend: traces.length > 1, margin: { l: 44, r: 8, t: 6, b: traces.length > 1 ? 44 : 24 } } };
}

/** Over more than a day: means. @param {(token: string) => string} token */
function bandwidth(token) {
  const trace = {
    type: "scatter", mode: "lines", connectgaps: false, line: { color: token("--link-fill"), width: 1.6 },
    x: readings.link.map((sample) => new Date(sample.at)), y: readings.link.map((sample) => sample.bytes_per_s === null ? null : sample.bytes_per_s / 1000),
    hovertemplate: "%{y:.0f} KB/s<br>%{x|%d %b %H:%M}<extra></extra>",
  };
  return { traces: [trace], layout: { ...timeAxis(), yaxis: { rangemode: "tozero" }, showlegend: false, margin: { l: 44, r: 8, t: 6, b: 24 } } };
}

function transfers(token) {
  const marker = { color: token("--link-fill"), size: 6 };
  const trace = {
    type: "scatter", mode: "markers", marker, x: readings.link.map((sample) => new Date(sample.at)), y: readings.link.map((sample) => (sample.bytes_per_s ?? 0) / 1000),
    hovertemplate: "%{y:.0f} KB/s<br>%{x|%H:%M:%S}<extra></extra>",
  };
  return { traces: [trace], layout: { ...timeAxis(), yaxis: { rangemode: "tozero" }, showlegend: false, margin: { l: 44, r: 8, t: 6, b: 24 } } };
}

const timeAxis = () => ({ xaxis: { type: "date", range: [new Date(now() - readings.hours * 3600e3), new Date(now())], tickformat: readings.hours > 2000 ? "%b %Y" : readings.hours > 24 ? "%d %b" : "%H:%M", nticks: 6 } });

function note(text) {
  byId("connection").hidden = !text;
  byId("connection").textContent = text ?? "";
}

function trail(rows) {
  byId("no-trail").hidden = rows.length > 0;
  byId("trail").replaceChildren(...rows.map((row) => el("tr", {},
    el("td", {}, time(row.at, "second")), el("td", {}, row.by),
    el("td", {}, row.action, row.detail && el("small", {}, ` ${row.detail}`)), el("td", {}, row.address ?? gettext("server console")))));
}

async function show(hours) {
  try {
    await readings.load(hours);
    await charts();
  } catch (error) {
    note(error instanceof ApiError ? sentence(error) : gettext("The history could not be loaded. Reload the page."));
  }
}

for (const button of all("[data-hours]")) button.addEventListener("click", () => {
  for (const other of all("[data-hours]")) other.setAttribute("aria-pressed", String(other === button));
  show(Number(button.dataset.hours));
});
store.onChange((kind) => {
  draw();
  if (kind === "nodes" ? readings.add(store.nodes.get(slug)) : readings.addLink(store.samples.get(slug) ?? [])) charts();
});
onTick(() => shown.card && Date.now() % 1000 < 100 && updateAges(shown.card, shown.node));
draw();
if (start.audit) trail(start.audit);
if (start.camera_access) cameraAccess(slug, start.camera_access, start.people);
if (start.can_manage) {
  agentLog(slug);
  thumbnails(start.node);
}
cameraPreviews(start.node);
show(1);
