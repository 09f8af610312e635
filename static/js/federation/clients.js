/** The clients: a square per client and round, and the rows of one round with reasons. */

import { el } from "../dom.js";
import * as format from "../format.js";
import { decimal, gettext } from "../i18n.js";
import { label, labels } from "../labels.js";

const SHOWN = 40; // rounds in the squares; earlier ones are in the list
const MARKS = { ok: "", refused: "×", late: "…", lost: "–" }; // so that colour is never the only sign
/** @type {Record<string, string>} of the round in progress */
const IN_PROGRESS = { waiting: gettext("waiting"), downlink: gettext("fetching the model"), train: gettext("training"), uplink: gettext("sending its update"), ok: gettext("received") };

/** @param {any} run @param {(round: number) => void} choose */
export function matrix(run, choose) {
  const rounds = run.rounds.slice(-SHOWN);
  if (!rounds.length) return [];
  const names = Array.from({ length: run.spec.clients }, (_, partition) => partition);
  const cells = names.flatMap((partition) => [
    el("span", { class: "name" }, gettext("client %(client)s", { client: partition + 1 })),
    ...rounds.map((round) => {
      const client = round.clients.find((client) => client.partition === partition);
      const values = { client: partition + 1, round: round.round };
      const words = client ? `${gettext("client %(client)s, round %(round)s", values)}: ${label("client_states", client.state)}${client.reason ? `. ${client.reason}` : ""}`
        : gettext("client %(client)s had no task in round %(round)s", values);
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
    el("th", { scope: "row" }, el("span", { class: "narrow-only" }, `${gettext("client")} `), client.partition + 1), el("td", { "data-label": gettext("on") }, client.node || "–"),
    el("td", { "data-label": "" }, el("span", { class: `client-state ${client.state}` }, words(client.state)), client.reason && el("small", { class: "reason" }, client.reason), client.note && el("small", { class: "reason" }, client.note)),
    cell(gettext("examples"), client.examples ? format.count(client.examples) : null),
    cell(gettext("down"), transfer(client.bytes_down, client.down_s)), cell(gettext("compute"), isNumber(client.compute_s) ? format.seconds(client.compute_s) : null), cell(gettext("up"), transfer(client.bytes_up, client.up_s)),
    cell(gettext("loss"), isNumber(client.loss) ? decimal(client.loss, 3) : null), cell(gettext("accuracy"), isNumber(client.accuracy) ? format.percent(client.accuracy) : null),
  ));
}

/** On a phone, unknown values are left out. */
const cell = (label, content) => el("td", { "data-label": label, class: content === null ? "unknown" : null }, content ?? "–");
const isNumber = (value) => value !== null && value !== undefined;
const transfer = (bytes, seconds) => (bytes ? [format.bytes(bytes), isNumber(seconds) && el("small", {}, ` ${gettext("in %(time)s", { time: format.seconds(seconds) })}`)] : null);
