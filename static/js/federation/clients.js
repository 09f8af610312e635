/** The clients: a square per client and round, and the rows of one round with reasons. */

import { el } from "../dom.js";
import * as format from "../format.js";
import { label, labels } from "../labels.js";

const SHOWN = 40; // rounds in the squares; earlier ones are in the list
const MARKS = { ok: "", refused: "×", late: "…", lost: "–" }; // so that colour is never the only sign
/** @type {Record<string, string>} of the round in progress */
const IN_PROGRESS = { waiting: "waiting", downlink: "fetching the model", train: "training", uplink: "sending its update", ok: "received" };

/** @param {any} run @param {(round: number) => void} choose */
export function matrix(run, choose) {
  const rounds = run.rounds.slice(-SHOWN);
  if (!rounds.length) return [];
  const names = Array.from({ length: run.spec.clients }, (_, partition) => partition);
  const cells = names.flatMap((partition) => [
    el("span", { class: "name" }, `client ${partition + 1}`),
    ...rounds.map((round) => {
      const client = round.clients.find((client) => client.partition === partition);
      const words = client ? `client ${partition + 1}, round ${round.round}: ${label("client_states", client.state)}${client.reason ? `. ${client.reason}` : ""}` : `client ${partition + 1} had no task in round ${round.round}`;
      return el("button", { type: "button", class: client?.state ?? "", title: words, "aria-label": words, onclick: () => choose(round.round) }, MARKS[client?.state] ?? "");
    }),
  ]);
  const grid = el("div", { class: "matrix", style: `grid-template-columns: auto repeat(${rounds.length}, auto)` }, cells);
  const legend = el("p", { class: "legend" }, labels("client_states").map((state) => el("span", {}, el("i", { class: state.name }), state.label)));
  return [grid, legend];
}

/** @param {any[]} clients of a stored round, or of the round in progress @param {boolean} [inProgress] */
export function rows(clients, inProgress = false) {
  const words = (/** @type {string} */ state) => (inProgress && IN_PROGRESS[state]) || label("client_states", state);
  return [...clients].sort((a, b) => a.partition - b.partition).map((client) => el("tr", {},
    el("th", { scope: "row" }, el("span", { class: "narrow-only" }, "client "), client.partition + 1), el("td", { "data-label": "on" }, client.node || "–"),
    el("td", { "data-label": "" }, el("span", { class: `client-state ${client.state}` }, words(client.state)), client.reason && el("small", { class: "reason" }, client.reason), client.note && el("small", { class: "reason" }, client.note)),
    cell("examples", client.examples ? format.count(client.examples) : null),
    cell("down", transfer(client.bytes_down, client.down_s)), cell("compute", isNumber(client.compute_s) ? format.seconds(client.compute_s) : null), cell("up", transfer(client.bytes_up, client.up_s)),
    cell("loss", isNumber(client.loss) ? client.loss.toFixed(3) : null), cell("accuracy", isNumber(client.accuracy) ? format.percent(client.accuracy) : null),
  ));
}

/** On a phone, unknown values are left out. */
const cell = (label, content) => el("td", { "data-label": label, class: content === null ? "unknown" : null }, content ?? "–");
const isNumber = (value) => value !== null && value !== undefined;
const transfer = (bytes, seconds) => (bytes ? [format.bytes(bytes), isNumber(seconds) && el("small", {}, ` in ${format.seconds(seconds)}`)] : null);
