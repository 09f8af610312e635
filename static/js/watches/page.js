/** The watches page: what is watched, and events as they come. */

import { call } from "../api.js";
import { boot, byId, el, sentence } from "../dom.js";
import { gettext } from "../i18n.js";
import { LiveSocket } from "../socket.js";
import { Cards } from "./cards.js";
import { card } from "./event.js";
import { draw } from "./timeline.js";
import { KINDS, headline, monthly, numbers, obstacle } from "./words.js";

const MOST = 1000; // events in the page
const start = boot();
let watches = start.watches, events = start.events, reachedEnd = events.length < 100;
const filters = { watch: byId("by-watch"), camera: byId("by-camera"), kind: byId("by-kind") };

const watchCards = new Cards(byId("list"), watchCard);
const eventCards = new Cards(byId("events"), (event, watch) => card(event, watch, trouble));

function trouble(text) {
  byId("trouble").textContent = text ?? "";
  byId("trouble").hidden = !text;
}

function drawWatches() {
  byId("first").hidden = watches.length > 0;
  byId("list-part").hidden = byId("events-part").hidden = watches.length === 0;
  watchCards.show(watches);
}

function watchCard(watch) {
  const [state, words] = stateOf(watch);
  const act = (method, path, body) => async () => {
    trouble(null);
    try {
      await call(method, `/api/v1/watches/${watch.id}${path}`, body);
    } catch (error) {
      trouble(sentence(error));
    }
  };
  const remove = () => confirm(gettext("Delete this watch with its events? Pictures on the device go with time.")) && act("DELETE", "")();
  return el("li", { class: "card watch" },
    el("h3", {}, watch.title),
    el("p", { class: "hint" }, gettext("%(camera)s on %(device)s", { camera: watch.camera, device: watch.node }), watch.run && ` · ${gettext("model of run %(run)s", { run: watch.run })}`),
    el("span", { class: `watch-state ${state}` }, words),
    watch.state === "on" && obstacle(watch) && el("p", { class: "note" }, obstacle(watch)),
    watch.newer && el("p", { class: "hint" }, gettext("Run %(run)s was trained later and knows “%(thing)s” too.", { run: watch.newer, thing: watch.settings.looks_for }), " ",
      el("a", { href: `/watches/${watch.id}/?run=${watch.newer}` }, gettext("Use its model"))),
    watch.rare && el("p", { class: "hint" }, gettext("The models have no name of their own for this and are rarely sure of it. A more common word may do better.")),
    watch.state !== "draft" && cost(watch),
    el("div", { class: "row" },
      watch.state === "draft"
        ? el("a", { class: "button small", href: `/watches/${watch.id}/` }, gettext("Look and start"))
        : el("button", { type: "button", class: "small", onclick: act("POST", "/switch", { on: watch.state !== "on" }) }, watch.state === "on" ? gettext("Pause") : gettext("Resume")),
      watch.state !== "draft" && el("a", { class: "button small", href: `/watches/${watch.id}/` }, gettext("Change")),
      el("button", { type: "button", class: "small", onclick: remove }, gettext("Delete"))));
}

const cost = (watch) => (watch.cost
  ? el("details", {}, el("summary", {}, monthly(watch.cost)), el("p", { class: "hint" }, gettext("In the last 30 days:")), numbers(watch.cost))
  : el("p", { class: "hint" }, monthly(null)));

function stateOf(watch) {
  if (watch.state === "draft") return ["draft", gettext("draft")];
  if (watch.state === "paused") return ["paused", gettext("paused")];
  if (watch.obstacle) return ["stopped", gettext("not watching")];
  return watch.applied ? ["on", gettext("watching")] : ["waiting", gettext("waiting for the device")];
}

function options(select, entries) {
  const chosen = select.value;
  const [first] = select.options;
  select.replaceChildren(first, ...entries.map(([value, words]) => el("option", { value }, words)));
  select.value = entries.some(([value]) => String(value) === chosen) ? chosen : "";
}

function drawFilters() {
  options(filters.watch, watches.map((watch) => [watch.id, watch.title]));
  options(filters.camera, [...new Set(events.map((event) => `${event.node}/${event.camera}`))].sort().map((name) => [name, name]));
  options(filters.kind, Object.entries(KINDS));
}

const shown = () => events.filter((event) =>
  (!filters.watch.value || String(event.watch) === filters.watch.value) &&
  (!filters.camera.value || `${event.node}/${event.camera}` === filters.camera.value) &&
  (!filters.kind.value || event.kind === filters.kind.value));

function drawEvents() {
  const list = shown();
  byId("none").hidden = list.length > 0;
  byId("none").textContent = events.length ? gettext("No event fits these filters.") : gettext("No events yet. They appear here within two seconds.");
  byId("more").hidden = reachedEnd;
  eventCards.show(list, (event) => watches.map(({ id, settings, classes }) => ({ id, settings, classes })).find(({ id }) => id === event.watch) ?? null);
  draw(list, choose);
}

function choose(id) {
  const place = byId(`event-${id}`);
  if (!place) return;
  for (const other of document.querySelectorAll(".event.chosen")) other.classList.remove("chosen");
  place.classList.add("chosen");
  place.scrollIntoView({ block: "center" });
  place.focus({ preventScroll: true });
}

function receive(frame) {
  if (frame.type === "snapshot") ({ watches } = frame), (events = merged(frame.events, events));
  if (frame.type === "watch.state") watches = frame.watch ? [...watches.filter(({ id }) => id !== frame.id), frame.watch].sort((a, b) => a.id - b.id) : watches.filter(({ id }) => id !== frame.id);
  if (frame.type === "watch.state" && !frame.watch) events = events.filter((event) => event.watch !== frame.id);
  if (frame.type === "watch.event") {
    const isNew = !events.some(({ id }) => id === frame.event.id);
    events = merged([frame.event], events);
    if (isNew) byId("news").textContent = headline(frame.event);
  }
  drawWatches();
  drawFilters();
  drawEvents();
}

/** The newer state of each event, the newest event first. */
const merged = (newer, older) => [...newer, ...older.filter((event) => !newer.some(({ id }) => id === event.id))].sort((a, b) => new Date(b.at).getTime() - new Date(a.at).getTime() || b.id - a.id).slice(0, MOST);

byId("more").addEventListener("click", async () => {
  try {
    const { items, total } = await call("GET", `/api/v1/watches/events?limit=100&offset=${events.length}`);
    events = merged(events, items);
    reachedEnd = !items.length || events.length >= Math.min(total, MOST);
  } catch (error) {
    trouble(sentence(error));
  }
  drawEvents();
});
for (const select of Object.values(filters)) select.addEventListener("change", drawEvents);
receive({});
addEventListener("resize", () => draw(shown(), choose));
if (start.event) choose(Number(start.event));
new LiveSocket("/ws/watches/", {
  onFrame: receive,
  onStatus: (note) => {
    byId("connection").textContent = note ?? "";
    byId("connection").hidden = !note;
  },
});
