/** The page of one node: its card, the history of its sensors and its link, and for staff the trail of its standing. */

import { call } from "../api.js";
import { curve } from "../charts.js";
import { now, onTick } from "../clock.js";
import { boot, byId, el, sentence } from "../dom.js";
import { looksSame, nodeCard, renewAges } from "../nodes/card.js";
import { NodeStore } from "../nodes/store.js";
import { Readings } from "./readings.js";

const start = boot();
const slug = start.node.slug;
const colour = `--${start.node.tier}`;
const store = new NodeStore([start.node], note);
const readings = new Readings(slug);
const VERBS = ["approve", "revoke", "rotate", "rename", "accept"];
/** What each chart shows: column, name, divisor. */
const CHARTS = {
  load: [["cpu_percent", "processor", 1], ["gpu_percent", "GPU", 1]],
  memory: [["memory_used_mb", "memory", 1024]],
  temperature: [["temperature_c", "temperature", 1]],
  power: [["power_w", "power", 1]],
};
/** @type {Map<string, () => Promise<void>>} */
const drawn = new Map();
let shown = { card: null, node: null };

function draw() {
  const node = store.nodes.get(slug);
  if (!node) return note("This node is revoked, or gone.");
  byId("title").textContent = node.title;
  if (shown.card && looksSame(shown.node, node)) return void (shown.node = node);
  const actions = Object.fromEntries(VERBS.map((verb) => [verb, (one, body = {}) => manage(verb, body)]));
  const card = nodeCard(node, start.can_manage, actions);
  byId("node").replaceChildren(card);
  shown = { card, node };
}

async function manage(verb, body) {
  try {
    store.put((await call("POST", `/devices/${slug}/${verb}/`, body)).node);
    note(null);
  } catch (error) {
    note(sentence(error));
  }
  draw();
}

async function charts() {
  for (const [id, columns] of Object.entries(CHARTS)) await chart(id, columns.some(([name]) => readings.has(name)), (token) => lines(columns, token));
  await chart("uplink", readings.link.length > 0, transfers);
  const lacking = Object.values(CHARTS).flat().filter(([name]) => !readings.has(name)).map(([, name]) => name);
  byId("no-history").hidden = readings.at.length > 0 || readings.link.length > 0;
  byId("lacking").textContent = readings.at.length && lacking.length ? `Not available on this board: ${lacking.join(", ")}.` : "";
}

async function chart(id, any, make) {
  const place = byId(id);
  place.hidden = !any;
  if (!any) return;
  if (drawn.has(id)) await drawn.get(id)();
  else drawn.set(id, await curve(place.querySelector(".chart"), make));
}

function lines(columns, token) {
  const traces = columns.filter(([name]) => readings.has(name)).map(([name, words, by], index) => ({
    name: words, type: "scatter", mode: "lines", connectgaps: false,
    x: readings.at.map((at) => new Date(at)), y: readings.columns[name].map((value) => (value === null ? null : value / by)),
    line: { color: token(colour), width: 1.6, dash: index ? "dot" : "solid" },
    hovertemplate: `${words}: %{y:.1f}<br>%{x|%H:%M:%S}<extra></extra>`,
  }));
  const range = columns[0][0].endsWith("percent") ? { range: [0, 100] } : { rangemode: "tozero" };
  return { traces, layout: { ...time(), yaxis: range, showlegend: traces.length > 1, margin: { l: 44, r: 8, t: 6, b: traces.length > 1 ? 44 : 24 } } };
}

function transfers(token) {
  const marker = { color: token("--link-fill"), size: 6 };
  const trace = {
    type: "scatter", mode: "markers", marker, x: readings.link.map((one) => new Date(one.at)), y: readings.link.map((one) => one.bytes_per_s / 1000),
    hovertemplate: "%{y:.0f} KB/s<br>%{x|%H:%M:%S}<extra></extra>",
  };
  return { traces: [trace], layout: { ...time(), yaxis: { rangemode: "tozero" }, showlegend: false, margin: { l: 44, r: 8, t: 6, b: 24 } } };
}

const time = () => ({ xaxis: { type: "date", range: [new Date(now() - readings.hours * 3600e3), new Date(now())], tickformat: "%H:%M", nticks: 6 } });

function note(text) {
  byId("connection").hidden = !text;
  byId("connection").textContent = text ?? "";
}

function trail(rows) {
  byId("no-trail").hidden = rows.length > 0;
  byId("trail").replaceChildren(...rows.map((row) => el("tr", {},
    el("td", {}, el("time", { datetime: row.at }, new Date(row.at).toLocaleString())), el("td", {}, row.by),
    el("td", {}, row.action, row.detail && el("small", {}, ` ${row.detail}`)), el("td", {}, row.address ?? "on the server"))));
}

async function show(hours) {
  try {
    await readings.load(hours);
    await charts();
  } catch (error) {
    note(error.code ? sentence(error) : "The history could not be loaded. Reload the page.");
  }
}

for (const button of document.querySelectorAll("[data-hours]")) button.addEventListener("click", () => {
  for (const other of document.querySelectorAll("[data-hours]")) other.setAttribute("aria-pressed", String(other === button));
  show(Number(button.dataset.hours));
});
store.onChange((kind) => {
  draw();
  if (kind === "nodes" ? readings.add(store.nodes.get(slug)) : readings.addLink(store.samples.get(slug) ?? [])) charts();
});
onTick(() => shown.card && Date.now() % 1000 < 100 && renewAges(shown.card, shown.node));
draw();
if (start.audit) trail(start.audit);
show(1);
