/** The watches page: what is watched, and events as they come. */

import { call } from "../api.js";
import { boot, byId, el, sentence } from "../dom.js";
import { gettext } from "../i18n.js";
import { LiveSocket } from "../socket.js";
import { Cards } from "./cards.js";
import { card } from "./event.js";
import { EventList } from "./event-list.js";
import { Filters, nameOf } from "./filters.js";
import { Timeline } from "./timeline.js";
import { headline, monthly, numbers, obstacle } from "./words.js";

const start = boot();
let watches = start.watches;
const fail = (error) => trouble(sentence(error));
const filters = new Filters(change);
const list = new EventList(start.events, filters, { onChange: drawEvents, onError: fail });
const timeline = new Timeline(start.lanes, () => filters.choice(), open);

const watchCards = new Cards(byId("list"), watchCard);
const eventCards = new Cards(byId("events"), (event, watch) => card(event, watch, trouble));
const singleCard = new Cards(byId("single"), (event, watch) => card(event, watch, trouble));

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

function change() {
  trouble(null);
  filters.offer(watches, []);
  list.load();
  timeline.load();
}

function drawEvents() {
  const { events, single } = list;
  byId("none").hidden = events.length > 0;
  byId("none").textContent = filters.active ? gettext("No event fits these filters.") : gettext("No events yet. They appear here as they happen.");
  byId("more").hidden = !list.hasMore || list.full;
  byId("full").hidden = !list.full;
  const alone = single && !list.has(single.id) ? [single] : [];
  byId("single-part").hidden = !alone.length;
  const watchOf = (event) => watches.map(({ id, settings, classes }) => ({ id, settings, classes })).find(({ id }) => id === event.watch) ?? null;
  singleCard.show(alone, watchOf);
  eventCards.show(events, watchOf);
}

/** @param {number} id of an event that may not be in the list */
async function open(id) {
  byId("gone").hidden = true;
  if (!(await list.open(id))) {
    byId("gone").hidden = false;
    return;
  }
  const place = byId(`event-${id}`);
  if (!place) return;
  for (const other of document.querySelectorAll(".event.chosen")) other.classList.remove("chosen");
  place.classList.add("chosen");
  place.scrollIntoView({ block: "center" });
  place.focus({ preventScroll: true });
}

function receive(frame) {
  if (frame.type === "snapshot") ({ watches } = frame), list.resume(frame.events);
  if (frame.type === "watch.state") watches = frame.watch ? [...watches.filter(({ id }) => id !== frame.id), frame.watch].sort((a, b) => a.id - b.id) : watches.filter(({ id }) => id !== frame.id);
  if (frame.type === "watch.state" && !frame.watch) list.forget(frame.id);
  if (frame.type === "watch.event") {
    const isNew = !list.has(frame.event.id) && filters.fits(frame.event);
    list.take(frame.event);
    if (isNew) byId("news").textContent = headline(frame.event);
  }
  drawWatches();
  const query = JSON.stringify(filters.query());
  filters.offer(watches, frame.type === "watch.event" ? [nameOf(frame.event)] : []);
  drawEvents();
  if (JSON.stringify(filters.query()) !== query) return change(); // the watch that was chosen is gone
  if (frame.type !== "watch.state" || !frame.watch) timeline.touch();
}

byId("more").addEventListener("click", () => list.more());
byId("close-single").addEventListener("click", () => list.close());
drawWatches();
filters.offer(watches, start.cameras);
drawEvents();
if (filters.active) change(); // a browser fills forms in again after a reload
if (start.event) open(/^\d{1,15}$/.test(start.event) ? Number(start.event) : 0);
new LiveSocket("/ws/watches/", {
  onFrame: receive,
  onStatus: (note) => {
    byId("connection").textContent = note ?? "";
    byId("connection").hidden = !note;
  },
});
