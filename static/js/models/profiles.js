/** A profile's card: what its models are, what they need on this machine, and what can be done with them. */

import { el } from "../dom.js";
import { gettext, ngettext } from "../i18n.js";
import { entry } from "../labels.js";
import * as format from "../format.js";
import { isLive, jobStatus, latest } from "./jobs.js";

const TITLES = { compact: gettext("Small models"), paper: gettext("Large models") };
const NOT_MEASURED = gettext("not measured yet: choose these models once");

/** @param {any} profile @param {any[]} jobs @param {any} actions */
export function profileCard(profile, jobs, actions) {
  const fetching = latest(jobs, "fetch", profile.name);
  return el("section", { class: profile.active ? "card chosen" : "card", "aria-labelledby": `profile-${profile.name}` },
    el("div", { class: "head" },
      el("h2", { id: `profile-${profile.name}`, class: "title" }, TITLES[profile.name] ?? profile.name),
      el("span", { class: "chip" }, profile.active ? gettext("answers now") : profile.ready ? gettext("ready") : gettext("not on this machine"))),
    el("dl", { class: "pairs" }, needs(profile).map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value)))),
    revisions(profile),
    profile.export_failure && el("p", { class: "note error" }, profile.export_failure),
    profile.fetch_bytes > 0 && !profile.ready && jobStatus(fetching, actions),
    actions.canManage ? el("div", { class: "row" }, buttons(profile, fetching, actions)) : !profile.active && el("p", { class: "hint" }, gettext("An administrator can change the models.")));
}

function needs(profile) {
  const models = Object.values(profile.tasks);
  return [
    [gettext("profile"), profile.name],
    [gettext("models"), profile.fetch_bytes ? models.join(", ") : gettext("bundled with Isthmus")],
    [gettext("download"), profile.fetch_bytes ? gettext("%(bytes)s, once", { bytes: format.bytes(profile.fetch_bytes) }) : gettext("none")],
    [gettext("memory"), profile.memory_mb ? gettext("%(bytes)s for each node, measured", { bytes: format.bytes(profile.memory_mb * 2 ** 20) }) : NOT_MEASURED],
    [gettext("one answer"), seconds(profile.seconds)],
  ];
}

/** The slowest node of each tier, task by task: what to expect of an answer. */
function seconds(rows) {
  if (!rows.length) return NOT_MEASURED;
  const slowest = {};
  for (const row of rows) if (!slowest[row.tier] || row.ms > (slowest[row.tier][row.task]?.ms ?? 0)) slowest[row.tier] = { ...slowest[row.tier], [row.task]: row };
  return Object.entries(slowest).map(([tier, tasks]) => {
    const parts = Object.values(tasks).map((row) => `${entry("tasks", row.task).label} ${format.ms(row.ms)}`);
    return el("span", { class: "tier" }, `${tier === "edge" ? gettext("on the edge") : gettext("on a device")}: ${parts.join(", ")}`);
  });
}

function revisions(profile) {
  const rows = Object.entries(profile.revisions);
  return rows.length > 0 && el("details", {}, el("summary", {}, gettext("Pinned revisions")),
    el("p", { class: "hint" }, gettext("Every file is checked against these commits of the model hub; weights are kept as safetensors only.")),
    el("ul", { class: "revisions" }, rows.map(([task, commit]) => el("li", {}, `${profile.tasks[task]} `, el("code", {}, commit.slice(0, 12))))));
}

function buttons(profile, fetching, { start, use }) {
  const missing = profile.fetch_bytes > 0 && !profile.ready;
  return [
    missing && !(fetching && isLive(fetching)) && (!fetching || fetching.state === "done") && el("button", { type: "button", class: "primary", onclick: () => start("fetch", profile.name) }, gettext("Fetch %(bytes)s", { bytes: format.bytes(profile.fetch_bytes) })),
    profile.ready && !profile.active && el("button", { type: "button", class: "primary", onclick: () => use(profile.name) }, gettext("Use these models")),
  ];
}

/** Which nodes are on their way to the chosen models, in a sentence; empty when all have arrived. */
export function changing({ ready, changing: on, refused }) {
  const parts = [];
  if (on.length) parts.push(ngettext(
    "%(ready)s of %(all)s nodes have the chosen models; %(names)s is next or loading. Questions are answered meanwhile by those that can, or wait.",
    "%(ready)s of %(all)s nodes have the chosen models; %(names)s are next or loading. Questions are answered meanwhile by those that can, or wait.",
    on.length, { ready: ready.length, all: ready.length + on.length + refused.length, names: on.join(", ") }));
  if (refused.length) parts.push(gettext("%(names)s could not change; the Devices page says why.", { names: refused.join(", ") }));
  return parts.join(" ");
}
