/** The models page, live: both profiles, the work on them, and what compressing costs. */

import { call } from "../api.js";
import { boot, byId, sentence } from "../dom.js";
import { LiveSocket } from "../socket.js";
import { changing, profileCard } from "./profiles.js";
import { fillForm, measured } from "./costs.js";
import { jobRow } from "./jobs.js";

const { overview, can_manage: canManage, kinds } = boot();
let state = overview;

const socket = new LiveSocket("/ws/models/", { onFrame: receive, onStatus: note });

function receive(frame) {
  if (frame.type === "snapshot") state = frame;
  else if (frame.type === "models.chosen") return void socket.send({ type: "refetch" });
  else if (frame.type === "models.job") put(frame.job);
  draw();
}

/** @param {any} job newer than the one shown, or the answer to a click */
function put(job) {
  const before = state.jobs.find((other) => other.id === job.id);
  if (before && before.seq > job.seq) return;
  state = { ...state, jobs: before ? state.jobs.map((other) => (other.id === job.id ? job : other)) : [job, ...state.jobs] };
  // What is ready or measured has changed: the server knows.
  if (["done", "failed"].includes(job.state) && before?.state !== job.state) socket.send({ type: "refetch" });
}

function draw() {
  const actions = { canManage, start, stop, resume, use };
  byId("profiles").replaceChildren(...state.profiles.map((profile) => profileCard(profile, state.jobs, actions)));
  const words = changing(state.changing);
  byId("changing").hidden = !words;
  byId("changing").textContent = words;
  const active = state.profiles.find((profile) => profile.active);
  byId("measured").replaceChildren(...measured(active, state.jobs, actions));
  byId("measure").hidden = !canManage || !active.ready;
  if (canManage) fillForm(byId("measure"), kinds, active, state, start);
  byId("work").hidden = !state.jobs.length;
  byId("jobs").replaceChildren(...state.jobs.map((job) => jobRow(job)));
}

const start = (kind, profile, photos = "") => act(() => call("POST", "/api/v1/models/jobs", { kind, profile, photos }), put);
const stop = (job) => act(() => call("POST", `/api/v1/models/jobs/${job.id}/stop`, {}), put);
const resume = (job) => act(() => call("POST", `/api/v1/models/jobs/${job.id}/resume`, {}), put);
const use = (profile) => act(() => call("POST", "/api/v1/models/choice", { profile }), () => socket.send({ type: "refetch" }));

/** @param {() => Promise<any>} request @param {(answer: any) => void} accept */
async function act(request, accept) {
  try {
    accept(await request());
    note(null);
  } catch (error) {
    note(sentence(error));
  }
  draw();
}

function note(text) {
  byId("connection").hidden = !text;
  byId("connection").textContent = text ?? "";
}

draw();
// Nodes change one after the other, which no job reports: while they do, ask.
setInterval(() => state.changing.changing.length && socket.send({ type: "refetch" }), 3000);
