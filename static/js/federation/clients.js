/** What each client did: a square per client and round, and the rows of one round with reasons. */

import { el } from "../dom.js";
import * as format from "../format.js";

const SHOWN = 40; // rounds in the squares; earlier ones are chosen from the list
const MARKS = { ok: "", refused: "×", late: "…", lost: "–" }; // a state is never told by colour alone
const WORDS = { ok: "counted", refused: "refused", late: "late", lost: "lost" };
const UNDER_WAY = { waiting: "waiting its turn", downlink: "fetching the model", train: "training", uplink: "sending its update", ok: "arrived" };

/** @param {any} run @param {(round: number) => void} choose */
export function matrix(run, choose) {
  const rounds = run.rounds.slice(-SHOWN);
  if (!rounds.length) return [];
  const names = Array.from({ length: run.spec.clients }, (_, partition) => partition);
  const cells = names.flatMap((partition) => [
    el("span", { class: "name" }, `client ${partition + 1}`),
    ...rounds.map((round) => {
      const one = round.clients.find((client) => client.partition === partition);
      const words = one ? `client ${partition + 1}, round ${round.round}: ${WORDS[one.state]}${one.reason ? `. ${one.reason}` : ""}` : `client ${partition + 1} had no work in round ${round.round}`;
      return el("button", { type: "button", class: one?.state ?? "", title: words, "aria-label": words, onclick: () => choose(round.round) }, MARKS[one?.state] ?? "");
    }),
  ]);
  const grid = el("div", { class: "matrix", style: `grid-template-columns: auto repeat(${rounds.length}, auto)` }, cells);
  const legend = el("p", { class: "legend" }, Object.entries(WORDS).map(([state, words]) => el("span", {}, el("i", { class: state }), words)));
  return [grid, legend];
}

/** @param {any[]} clients as stored with a round, or as they stand in the round under way @param {boolean} [underWay] */
export function rows(clients, underWay = false) {
  const words = underWay ? { ...WORDS, ...UNDER_WAY } : WORDS;
  return [...clients].sort((a, b) => a.partition - b.partition).map((one) => el("tr", {},
    el("th", { scope: "row" }, el("span", { class: "narrow-only" }, "client "), one.partition + 1), el("td", { "data-label": "on" }, one.node || "–"),
    el("td", { "data-label": "" }, el("span", { class: `client-state ${one.state}` }, words[one.state] ?? one.state), one.reason && el("small", { class: "reason" }, one.reason)),
    cell("examples", one.examples ? format.count(one.examples) : null),
    cell("down", carried(one.bytes_down, one.down_s)), cell("compute", known(one.compute_s) ? format.seconds(one.compute_s) : null), cell("up", carried(one.bytes_up, one.up_s)),
    cell("loss", known(one.loss) ? one.loss.toFixed(3) : null), cell("accuracy", known(one.accuracy) ? format.percent(one.accuracy) : null),
  ));
}

/** On a phone, what is not known is left out. */
const cell = (label, content) => el("td", { "data-label": label, class: content === null ? "unknown" : null }, content ?? "–");
const known = (value) => value !== null && value !== undefined;
const carried = (bytes, seconds) => (bytes ? [format.bytes(bytes), known(seconds) && el("small", {}, ` in ${format.seconds(seconds)}`)] : null);
