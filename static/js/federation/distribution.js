/** Data distribution: a row per client, a column per class, darker for more examples. */

import { el, sentence } from "../dom.js";
import * as format from "../format.js";
import { gettext } from "../i18n.js";

/** @param {?any} table examples by client, then by class; or the error that kept them from being counted */
export function distribution(table) {
  if (!table) return [el("p", { class: "empty" }, gettext("Counted when the run starts: the examples of each class on each client."))];
  if (table.error) return [el("p", { class: "empty" }, sentence(table.error))];
  const most = Math.max(1, ...table.clients.flat());
  const head = el("tr", {}, el("th", {}), table.classes.map((name) => el("th", { scope: "col" }, name)), el("th", { scope: "col" }, gettext("total")));
  const body = table.clients.map((counts, client) => el("tr", {},
    el("th", { scope: "row" }, gettext("client %(client)s", { client: client + 1 })),
    counts.map((count) => el("td", { class: count ? "" : "none", style: `--part: ${(count / most).toFixed(3)}` }, format.count(count))),
    el("td", { class: "total" }, format.count(counts.reduce((sum, count) => sum + count, 0)))));
  return [el("table", { class: "heat" }, el("thead", {}, head), el("tbody", {}, body))];
}
