/** A profile's card: what its models are, what they need on this machine, and what can be done with them. */

import { el } from "../dom.js";
import { entry } from "../labels.js";
import * as format from "../format.js";
import { isLive, jobStatus, latest } from "./jobs.js";

const TITLES = { compact: "Small models", paper: "Large models" };
const NOT_MEASURED = "not measured yet: choose these models once";

/** @param {any} profile @param {any[]} jobs @param {any} actions */
export function profileCard(profile, jobs, actions) {
  const fetching = latest(jobs, "fetch", profile.name);
  return el("section", { class: profile.active ? "card chosen" : "card", "aria-labelledby": `profile-${profile.name}` },
    el("div", { class: "head" },
      el("h2", { id: `profile-${profile.name}`, class: "title" }, TITLES[profile.name] ?? profile.name),
      el("span", { class: "chip" }, profile.active ? "answers now" : profile.ready ? "ready" : "not on this machine")),
    el("dl", { class: "pairs" }, needs(profile).map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value)))),
    revisions(profile),
    profile.export_failure && el("p", { class: "note error" }, profile.export_failure),
    profile.fetch_bytes > 0 && !profile.ready && jobStatus(fetching, actions),
    actions.canManage ? el("div", { class: "row" }, buttons(profile, fetching, actions)) : !profile.active && el("p", { class: "hint" }, "An administrator can change the models."));
}

function needs(profile) {
  const models = Object.values(profile.tasks);
  return [
    ["profile", profile.name],
    ["models", profile.fetch_bytes ? models.join(", ") : "bundled with Isthmus"],
    ["download", profile.fetch_bytes ? `${format.bytes(profile.fetch_bytes)}, once` : "none"],
    ["memory", profile.memory_mb ? `${format.bytes(profile.memory_mb * 2 ** 20)} for each node, measured` : NOT_MEASURED],
    ["one answer", seconds(profile.seconds)],
  ];
}

/** The slowest node of each tier, task by task: what to expect of an answer. */
function seconds(rows) {
  if (!rows.length) return NOT_MEASURED;
  const slowest = {};
  for (const row of rows) if (!slowest[row.tier] || row.ms > (slowest[row.tier][row.task]?.ms ?? 0)) slowest[row.tier] = { ...slowest[row.tier], [row.task]: row };
  return Object.entries(slowest).map(([tier, tasks]) => {
    const parts = Object.values(tasks).map((row) => `${entry("tasks", row.task).label} ${format.ms(row.ms)}`);
    return el("span", { class: "tier" }, `${tier === "edge" ? "on the edge" : "on a device"}: ${parts.join(", ")}`);
  });
}

function revisions(profile) {
  const rows = Object.entries(profile.revisions);
  return rows.length > 0 && el("details", {}, el("summary", {}, "Pinned revisions"),
    el("p", { class: "hint" }, "Every file is checked against these commits of the model hub; weights are kept as safetensors only."),
    el("ul", { class: "revisions" }, rows.map(([task, commit]) => el("li", {}, `${profile.tasks[task]} `, el("code", {}, commit.slice(0, 12))))));
}

function buttons(profile, fetching, { start, use }) {
  const missing = profile.fetch_bytes > 0 && !profile.ready;
  return [
    missing && !(fetching && isLive(fetching)) && (!fetching || fetching.state === "done") && el("button", { type: "button", class: "primary", onclick: () => start("fetch", profile.name) }, `Fetch ${format.bytes(profile.fetch_bytes)}`),
    profile.ready && !profile.active && el("button", { type: "button", class: "primary", onclick: () => use(profile.name) }, "Use these models"),
  ];
}

/** Which nodes are on their way to the chosen models, in a sentence; empty when all have arrived. */
export function changing({ ready, changing: on, refused }) {
  const parts = [];
  if (on.length) parts.push(`${ready.length} of ${ready.length + on.length + refused.length} nodes have the chosen models; ${on.join(", ")} ${on.length === 1 ? "is" : "are"} next or loading. Questions are answered meanwhile by those that can, or wait.`);
  if (refused.length) parts.push(`${refused.join(", ")} could not change; the Devices page says why.`);
  return parts.join(" ");
}
