/** The page of one run, live. */

import { call } from "../api.js";
import { curve } from "../charts.js";
import { all, boot, byId, el, sentence } from "../dom.js";
import * as format from "../format.js";
import { chartsOf } from "./charts.js";
import { decimal, gettext, ngettext } from "../i18n.js";
import { label } from "../labels.js";
import { matrix, rows } from "./clients.js";
import { distribution } from "./distribution.js";
import { share } from "./figures.js";
import { RunStore } from "./store.js";

const WAITS = { queued: gettext("Waiting for its turn: people’s runs take turns, after each other’s rounds."), running: gettext("The first round is in progress; its points appear here."), paused: gettext("Paused before its first round was complete."), stopped: gettext("Stopped before its first round was complete."), failed: gettext("No round was completed.") };
const VERBS = { queued: ["pause", "stop"], running: ["pause", "stop"], paused: ["start", "stop"], stopped: ["start"], failed: ["start"], done: [] };
const NAMES = { pause: gettext("Pause"), stop: gettext("Stop"), start: gettext("Resume") };

const { run: snapshot, labels, configuration } = boot();
const store = new RunStore(snapshot, note);
const charts = chartsOf(() => store.run.rounds, store.run.spec.rounds);
/** @type {(() => Promise<void>)[]} */
const drawn = [];
let chosen = null; // round shown; null follows the latest
let shownDistribution = undefined, drawnRounds = -1;

function draw() {
  const run = store.run, last = run.rounds.at(-1);
  byId("state").className = `run-state ${run.state}`;
  byId("state").textContent = run.phase && (run.state === "running" || run.state === "queued") ? `${label("run_states", run.state)}, ${phaseWords(run.phase)}` : label("run_states", run.state);
  byId("what").textContent = what(run.spec);
  byId("reason").hidden = !run.error;
  byId("reason").textContent = run.error ? sentence({ message: gettext(run.error.message), next: run.error.next && gettext(run.error.next) }) : "";
  byId("charts-empty").hidden = Boolean(last);
  byId("charts-empty").textContent = WAITS[run.state] ?? "";
  for (const charts of all(".charts")) charts.hidden = !last;
  byId("model").hidden = run.state !== "done";
  figures(run, last);
  actions(run);
  clients(run);
  if (run.holdings !== shownDistribution) byId("distribution").replaceChildren(...distribution(run.holdings));
  shownDistribution = run.holdings;
  if (drawnRounds !== run.rounds.length) drawCharts();
}

/** "round 3", as the server writes it, or another phase. @param {string} phase */
const phaseWords = (phase) => (/^round \d+$/.test(phase) ? gettext("round %(round)s", { round: phase.split(" ")[1] }) : gettext(phase));

async function drawCharts() {
  drawnRounds = store.run.rounds.length;
  if (!drawnRounds) return;
  try {
    if (drawn.length) await Promise.all(drawn.map((redraw) => redraw()));
    else drawn.push(...(await Promise.all(Object.entries(charts).map(([id, make]) => curve(byId(id), make)))));
  } catch {
    note(gettext("The charts could not be loaded. Reload the page; the tables have every number."));
  }
}

function what(spec) {
  const parts = [labels.dataset, labels.model, ngettext("%(count)s client", "%(count)s clients", spec.clients), spec.partition === "dirichlet" ? `${labels.partition}, alpha ${decimal(spec.alpha)}` : labels.partition, labels.strategy];
  parts.push(spec.compression === "none" ? gettext("uncompressed") : ngettext("%(bits)s bit per value", "%(bits)s bits per value", spec.bits, { bits: decimal(spec.bits) }));
  if (spec.secure_aggregation) parts.push(gettext("secure aggregation"));
  if (spec.privacy) parts.push(gettext("differential privacy"));
  return parts.join(" · ");
}

function figures(run, last) {
  const sum = (name) => run.rounds.reduce((total, round) => total + round[name], 0);
  // A round that was discarded left the model as it was: the accuracy is that of the last one that counted.
  const counted = run.rounds.filter((round) => round.counted !== false);
  const best = counted.reduce((most, round) => ((round.accuracy ?? -1) > (most?.accuracy ?? -1) ? round : most), null);
  const discarded = run.rounds.length - counted.length;
  const cells = [
    [gettext("Round"), `${gettext("%(done)s of %(all)s", { done: counted.length, all: run.spec.rounds })}${discarded ? `, ${ngettext("%(count)s discarded", "%(count)s discarded", discarded)}` : ""}`], [gettext("Accuracy"), share(counted.at(-1)?.accuracy)],
    [best ? gettext("Best, round %(round)s", best) : gettext("Best"), share(best?.accuracy)],
    [gettext("Up"), format.bytes(sum("bytes_up"))], [gettext("Down"), format.bytes(sum("bytes_down"))], [gettext("Time"), format.seconds(run.seconds)],
    ...(run.spec.privacy ? [[gettext("Epsilon spent"), last?.epsilon === null || last?.epsilon === undefined ? "–" : decimal(last.epsilon, 2)]] : []),
  ];
  byId("figures").replaceChildren(...cells.map(([name, text]) => el("div", {}, el("dt", {}, name), el("dd", {}, text))));
}

function actions(run) {
  const wanted = [...VERBS[run.state]];
  if (run.state === "done" || run.state === "stopped" || run.state === "failed") wanted.push("again");
  const place = byId("actions");
  if (place.dataset.for === wanted.join()) return;
  place.dataset.for = wanted.join();
  place.replaceChildren(...wanted.map((verb) => (verb === "again"
    ? el("a", { class: "button", href: `/federation/new/?like=${run.run}` }, gettext("New run with these settings"))
    : el("button", { type: "button", class: verb === "stop" ? "danger" : "", onclick: (event) => act(event.currentTarget, verb) }, NAMES[verb]))));
}

async function act(button, verb) {
  button.disabled = true;
  try {
    store.put(await call("POST", `/api/v1/federation/runs/${store.run.run}/${verb}`, {}));
    note(null);
  } catch (error) {
    note(sentence(error));
  }
  button.disabled = false;
}

function clients(run) {
  const rounds = run.rounds.map((round) => round.round).reverse();
  const options = [...(run.progress ? [[null, gettext("%(round)s, in progress", run.progress)]] : []), ...rounds.map((round) => [round, String(round)])];
  const at = options.some(([round]) => round === chosen) ? chosen : (options[0]?.[0] ?? null);
  byId("round").replaceChildren(...options.map(([round, words]) => el("option", { value: round ?? "", selected: round === at }, words)));
  byId("round").disabled = !options.length;
  const shown = at === null ? Object.values(run.progress?.clients ?? {}) : run.rounds.find((round) => round.round === at).clients;
  const empty = el("tr", {}, el("td", { colspan: 9, class: "empty" }, gettext("Each client gets a row here once the first round starts.")));
  const discarded = run.rounds.some((round) => round.round === at && round.counted === false);
  byId("discarded").hidden = !discarded;
  byId("clients").replaceChildren(...(shown.length ? rows(shown, at === null) : [empty]));
  byId("matrix").replaceChildren(...matrix(run, (round) => ((chosen = round), draw())));
}

function note(text) {
  byId("connection").hidden = !text;
  byId("connection").textContent = text ?? "";
}

byId("round").addEventListener("change", (event) => {
  chosen = event.target.value === "" ? null : Number(event.target.value);
  draw();
});
byId("configuration-values").replaceChildren(...configuration.map(([name, text]) => el("div", {}, el("dt", {}, name), el("dd", {}, text))));
store.onChange(draw);
draw();
