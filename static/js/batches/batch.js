/** One batch, live: progress, what it costs, and the table of answers. */

import { call } from "../api.js";
import { boot, byId, dot, el, sentence } from "../dom.js";
import * as format from "../format.js";
import { gettext, ngettext } from "../i18n.js";
import { LiveSocket } from "../socket.js";
import { AnswerTable } from "./table.js";
import { progressWords, savedWords, STATES } from "./words.js";

const VERBS = { running: ["pause", "stop"], paused: ["resume", "stop"], stopped: ["resume"], done: [] };
const NAMES = { pause: gettext("Pause"), resume: gettext("Resume"), stop: gettext("Stop"), retry: gettext("Try the failed ones again"), delete: gettext("Delete") };
const CONFIRM = "confirm"; // in place of the names of actions, while deleting is to be confirmed
const { batch: first, rebuild } = boot();
let batch = first;

const table = new AnswerTable(batch.id, rebuild, note);
const socket = new LiveSocket(`/ws/batches/${batch.id}/`, { onFrame: receive, onStatus: note });

function receive(frame) {
  if (frame.item) table.update(frame.item);
  else table.refresh(); // more than one has changed, or some were missed
  if (frame.batch && frame.batch.seq >= batch.seq) put(frame.batch);
}

function put(row) {
  batch = row;
  draw();
}

function draw() {
  const { counts, total, state } = batch, ended = counts.answered + counts.failed;
  byId("state").className = `batch-state ${state}`;
  byId("state").textContent = STATES[state] ?? state;
  byId("bar").max = total;
  byId("bar").value = ended;
  byId("progress-words").textContent = progressWords(batch);
  byId("repeated").hidden = !batch.repeated;
  byId("repeated").textContent = ngettext("%(count)s photo was listed again; it is asked about once.", "%(count)s photos were listed again; each is asked about once.", batch.repeated);
  byId("plan").textContent = [batch.plan.why, batch.folder && gettext("Its photos are files in %(folder)s on %(device)s; this server has none of them.", batch.folder), batch.fresh && gettext("Asked afresh: nothing of earlier questions was used.")].filter(Boolean).join(" ");
  saved();
  figures();
  actions();
}

function saved() {
  const words = savedWords(batch.bytes), most = Math.max(batch.bytes.photos, batch.bytes.link, 1);
  const bar = (name, bytes) => el("div", { class: `bar ${name}`, style: `width: ${(100 * bytes) / most}%` });
  byId("saved").replaceChildren(...(words ? [el("p", {}, words), el("div", { class: "bars", "aria-hidden": "true" }, bar("link", batch.bytes.link), bar("", batch.bytes.photos))] : []));
}

function figures() {
  const { ms, counts } = batch, cells = [
    [[dot("device"), gettext("Devices computed")], format.ms(ms.device)],
    [[dot("link"), gettext("On the link")], format.ms(ms.uplink)],
    [[dot("edge"), gettext("Edges computed")], format.ms(ms.edge)],
    [gettext("Sent per photo"), counts.answered ? format.bytes(Math.round(batch.bytes.link / counts.answered)) : "–"],
  ];
  byId("figures").replaceChildren(...cells.map(([name, text]) => el("div", {}, el("dt", {}, name), el("dd", {}, text))));
}

/** @param {boolean} [unconfirmed] a question that waited for its answer is taken back */
function actions(unconfirmed = false) {
  const wanted = [...VERBS[batch.state], ...(batch.counts.failed && batch.state !== "running" ? ["retry"] : []), "delete"];
  const place = byId("actions");
  if (place.dataset.for === wanted.join() || (place.dataset.for === CONFIRM && !unconfirmed)) return;
  place.dataset.for = wanted.join();
  const focused = place.contains(document.activeElement);
  place.replaceChildren(...wanted.map((verb) => el("button", { type: "button", class: verb === "stop" || verb === "delete" ? "danger" : "", onclick: () => (verb === "delete" ? confirmDelete() : act(verb)) }, NAMES[verb])));
  if (focused) place.querySelector("button")?.focus();
}

async function act(verb) {
  try {
    put(await call("POST", `/api/v1/batches/${batch.id}/${verb}`, {}));
    note(null);
  } catch (error) {
    note(sentence(error));
  }
  table.refresh();
}

/** Confirmed in place. */
function confirmDelete() {
  const place = byId("actions");
  place.dataset.for = CONFIRM;
  const drop = el("button", { type: "button", class: "danger", onclick: remove }, gettext("Delete"));
  place.replaceChildren(el("span", {}, gettext("Delete the batch with all its answers?")), drop, el("button", { type: "button", onclick: () => actions(true) }, gettext("Cancel")));
  drop.focus();
}

async function remove() {
  try {
    await call("DELETE", `/api/v1/batches/${batch.id}`);
    socket.close();
    location.assign("/batches/");
  } catch (error) {
    note(sentence(error));
    actions(true);
  }
}

function note(text) {
  byId("connection").hidden = !text;
  byId("connection").textContent = text ?? "";
}

draw();
