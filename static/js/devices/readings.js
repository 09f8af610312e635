/** The readings of a node's sensors as columns; new ones are appended, old ones are dropped. */

import { call } from "../api.js";
import { now } from "../clock.js";
import { SENSORS } from "../labels.js";

const FIELDS = SENSORS.filter((sensor) => sensor.chart).map((sensor) => sensor.name);
/** @type {Record<number, number>} hours shown -> a longer gap breaks the line */
const GAP_MS = { 1: 30e3, 24: 180e3, 168: 40 * 60e3, 2160: 3 * 3600e3, 8760: 50 * 3600e3 };
const DAY_H = 24;

export class Readings {
  /** @param {string} slug */
  constructor(slug) {
    this.slug = slug;
    this.hours = 1;
    /** @type {number[]} milliseconds since the epoch */
    this.at = [];
    this.columns = emptyColumns();
    /** @type {{at: number, bytes_per_s: ?number}[]} */
    this.link = [];
    this.link_line = false; // means instead of transfers
  }

  /** @param {number} hours 1, 24, 168, 2160 or 8760 */
  async load(hours) {
    const long = hours > DAY_H;
    const [history, link] = await Promise.all([call("GET", `/devices/${this.slug}/readings/?hours=${hours}`), long ? null : call("GET", `/devices/${this.slug}/history/?minutes=${60 * hours}`)]);
    Object.assign(this, { hours, at: [], columns: emptyColumns(), link_line: long });
    history.at.forEach((at, row) => this.push(at, FIELDS.map((name) => history[name]?.[row] ?? null)));
    this.link = link
      ? link.samples.map((/** @type {any} */ sample) => ({ at: Date.parse(sample.at), bytes_per_s: sample.bytes_per_s }))
      : means(history, GAP_MS[hours]);
  }

  /** @param {string} name */
  has(name) {
    return this.columns[name].some((value) => value !== null);
  }

  /** Append a node's latest readings; returns whether anything was added. The day's view takes one a minute, longer ones none. @param {any} node */
  add(node) {
    if (this.hours > DAY_H) return false;
    const at = node?.last_seen ? Date.parse(node.last_seen) : NaN;
    if (Number.isNaN(at) || at - (this.at.at(-1) ?? 0) < (this.hours === 1 ? 1000 : 60e3)) return false;
    this.push(at, FIELDS.map((name) => (typeof node.sensors?.[name] === "number" ? node.sensors[name] : null)));
    const old = this.at.findIndex((sample) => sample > now() - this.hours * 3600e3);
    if (old > 0) for (const column of [this.at, ...Object.values(this.columns)]) column.splice(0, old);
    return true;
  }

  /** @param {{at: number, bytes_per_s: number}[]} samples the newest ones, oldest first */
  addLink(samples) {
    if (this.link_line) return false;
    const last = this.link.at(-1)?.at ?? 0;
    const fresh = samples.filter((sample) => sample.at > last);
    this.link.push(...fresh);
    return fresh.length > 0;
  }

  /** @param {number} at @param {(?number)[]} values */
  push(at, values) {
    const last = this.at.at(-1);
    if (last !== undefined && at - last > GAP_MS[this.hours]) this.row(last + 1, FIELDS.map(() => null));
    this.row(at, values);
  }

  /** @param {number} at @param {(?number)[]} values */
  row(at, values) {
    this.at.push(at);
    FIELDS.forEach((name, index) => this.columns[name].push(values[index] ?? null));
  }
}

/** @param {any} history @param {number} gap_ms a longer one breaks the line @returns {{at: number, bytes_per_s: ?number}[]} */
function means(history, gap_ms) {
  /** @type {{at: number, bytes_per_s: ?number}[]} */
  const rows = [];
  history.at.forEach((/** @type {number} */ at, /** @type {number} */ index) => {
    const value = history.up_bytes_per_s?.[index] ?? null, last = rows.at(-1)?.at;
    if (value === null) return;
    if (last !== undefined && at - last > gap_ms) rows.push({ at: last + 1, bytes_per_s: null });
    rows.push({ at, bytes_per_s: value });
  });
  return rows;
}

/** @returns {Record<string, (?number)[]>} */
const emptyColumns = () => Object.fromEntries(FIELDS.map((name) => [name, []]));
