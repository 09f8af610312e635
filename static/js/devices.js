/** The devices page: cards, the chart of the links, and for staff enrolment and revocation. */

import { call } from "./api.js";
import { linkChart } from "./charts.js";
import { onTick } from "./clock.js";
import { boot, byId, el, sentence } from "./dom.js";
import { Fleet } from "./devices/fleet.js";
import { showRollout } from "./devices/rollout.js";
import { Selection } from "./devices/selection.js";
import { addDialog } from "./nodes/add.js";
import { Decisions } from "./nodes/decisions.js";
import { looksSame, nodeCard, replaceCard, updateAges } from "./nodes/card.js";
import { regretOf } from "./nodes/regret.js";
import { NodeStore } from "./nodes/store.js";
import { gettext } from "./i18n.js";

const start = boot();
/** @type {Set<string>} slugs of this page's nodes, as the server lists them */
let listed = new Set(start.nodes.map((/** @type {any} */ node) => node.slug));
/** @type {Set<string>} of nodes that have joined since, which every page shows */
const arrived = new Set();
/** @type {Set<string>} of what was shown before: a message about one may still be under way when another page is listed */
const earlier = new Set();
const store = new NodeStore(start.nodes, note, [...listed]);
const fleet = new Fleet(start, list, note);
const selection = start.can_manage ? new Selection(start.actions, start.most_at_once, fleet, () => fleet.load()) : null;
const decisions = new Decisions(store, () => store.of("device").filter((node) => node.state === "online" || node.link).map((node) => node.slug));
if (start.can_manage) showRollout(start.rollout);
/** @type {Map<string, {card: HTMLElement, node: any}>} */
const shown = new Map();

/** Another page of nodes. @param {import("./devices/fleet.js").Listing} listing */
function list(listing) {
  for (const slug of [...listed, ...arrived]) earlier.add(slug);
  listed = new Set(listing.nodes.map((node) => node.slug));
  arrived.clear();
  store.nodes.clear();
  listing.nodes.forEach((node) => store.put(node));
  for (const { card } of shown.values()) card.remove();
  shown.clear();
  store.watch([...listed]);
  selection?.draw();
  if (start.can_manage) showRollout(listing.rollout);
  store.notify("nodes");
}

/** What joins while the page is open is shown, and followed, until another page is listed. */
function follow() {
  const before = arrived.size;
  for (const slug of [...store.nodes.keys()]) {
    if (listed.has(slug)) continue;
    if (earlier.has(slug)) store.nodes.delete(slug);
    else arrived.add(slug);
  }
  if (arrived.size > before) store.watch([...listed, ...arrived]);
}

function draw() {
  const nodes = store.all();
  for (const [slug, { card }] of shown) {
    if (nodes.some((node) => node.slug === slug)) continue;
    card.remove();
    shown.delete(slug);
  }
  nodes.forEach(put);
  if (!nodes.length) byId("nodes").replaceChildren(el("p", { class: "empty" }, fleet.narrowed ? gettext("No device matches. Change the filters, or show all.") : start.can_manage ? gettext("No device yet. Add one to get a command to run on it.") : gettext("No device yet. An admin can add one.")));
  else byId("nodes").querySelector(".empty")?.remove();
}

/** @param {any} node @param {number} index */
function put(node, index) {
  const before = shown.get(node.slug);
  if (before && looksSame(before.node, node)) {
    before.node = node;
    return;
  }
  if (before && before.node.agent_update.state !== node.agent_update.state) followRollout();
  const card = nodeCard(node, start.can_manage, manage, selection?.box(node.slug));
  if (before) replaceCard(before.card, card);
  else byId("nodes").insertBefore(card, byId("nodes").querySelectorAll(".node")[index] ?? null);
  shown.set(node.slug, { card, node });
}

/** @param {any} node @param {import("./nodes/card.js").Verb} verb @param {any} [body] */
async function manage(node, verb, body = {}) {
  try {
    const answer = await call("POST", `/devices/${node.slug}/${verb}/`, body);
    store.put(answer.node);
    note(null);
  } catch (error) {
    note(sentence(error));
  }
  draw();
}

/** @type {?number} */
let rolloutSoon = null;

/** Read how far the update of agents is, once for all that changes within a second. */
function followRollout() {
  if (!start.can_manage || rolloutSoon !== null) return;
  rolloutSoon = window.setTimeout(async () => {
    rolloutSoon = null;
    try {
      showRollout(await fleet.rollout());
    } catch (error) {
      note(sentence(error));
    }
  }, 1000);
}

function note(text) {
  byId("connection").hidden = !text;
  byId("connection").textContent = text ?? "";
}

draw();
store.onChange((kind) => {
  if (kind !== "nodes") return;
  follow();
  draw();
});
let updatedAt = 0;
onTick(() => {
  if (Date.now() - updatedAt < 1000) return;
  updatedAt = Date.now();
  for (const { card, node } of shown.values()) updateAges(card, node);
});
if (start.can_manage) addDialog(store, (node) => manage(node, "approve"));
decisions.onChange(() => byId("regrets").replaceChildren(...store.of("device").map((node) => regretOf(node.slug, decisions)).filter(Boolean)));
linkChart(byId("chart"), store, decisions, (drawn) => {
  byId("chart").hidden = !drawn;
  byId("chart-empty").hidden = drawn;
}).catch(() => note(gettext("The chart could not be loaded. Reload the page.")));
