/** The filters above the events. The server applies them; what comes over the socket is compared with them here. */

import { byId, el } from "../dom.js";
import { midnight } from "../times.js";
import { KINDS } from "./words.js";

const FIELDS = ["by-watch", "by-camera", "by-kind", "by-verdict", "since", "until"];

export class Filters {
  /** @param {() => void} onChange */
  constructor(onChange) {
    /** @type {Set<string>} */
    this.cameras = new Set();
    options(byId("by-kind"), Object.entries(KINDS));
    for (const name of FIELDS) byId(name).addEventListener("change", () => onChange());
    byId("clear").addEventListener("click", () => {
      for (const name of FIELDS) byId(name).value = "";
      onChange();
    });
  }

  get active() {
    return FIELDS.some((name) => byId(name).value);
  }

  /** @param {any[]} watches @param {string[]} cameras as node/camera, further ones */
  offer(watches, cameras) {
    for (const name of [...cameras, ...watches.map((watch) => nameOf(watch))]) this.cameras.add(name);
    options(byId("by-watch"), watches.map((watch) => [watch.id, watch.title]));
    options(byId("by-camera"), [...this.cameras].sort().map((name) => [name, name]));
    byId("clear").hidden = !this.active;
  }

  /** As the API takes them, without the dates. @returns {Record<string, string>} */
  choice() {
    const [node, camera] = byId("by-camera").value.split("/");
    const values = { watch: byId("by-watch").value, node, camera, kind: byId("by-kind").value, verdict: byId("by-verdict").value };
    return Object.fromEntries(Object.entries(values).filter(([, value]) => value));
  }

  /** Days begin where the viewer is. @returns {Record<string, string>} */
  query() {
    const since = midnight(byId("since").value, 0), until = midnight(byId("until").value, 1);
    return { ...this.choice(), ...(since && { since }), ...(until && { until }) };
  }

  /** @param {any} event */
  fits(event) {
    const { watch, node, camera, kind, verdict, since, until } = this.query();
    const at = new Date(event.at), waits = event.kind === "raised" && event.has_snapshot && !event.verdict;
    return (!watch || String(event.watch) === watch) && (!camera || (event.node === node && event.camera === camera)) &&
      (!kind || event.kind === kind) && (!verdict || (verdict === "none" ? waits : event.verdict === verdict)) &&
      (!since || at >= new Date(since)) && (!until || at < new Date(until));
  }
}

/** @param {any} row a watch or an event */
export const nameOf = (row) => `${row.node}/${row.camera}`;

/** Other options than the first; what was chosen stays so where it is among them. @param {any} select @param {[any, string][]} entries */
function options(select, entries) {
  const chosen = select.value, [first] = select.options;
  select.replaceChildren(first, ...entries.map(([value, words]) => el("option", { value }, words)));
  select.value = entries.some(([value]) => String(value) === chosen) ? chosen : "";
}
