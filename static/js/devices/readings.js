/** What a node's sensors said, as columns; new ones are added as they are heard, old ones leave. */

import { call } from "../api.js";
import { now } from "../clock.js";

const FIELDS = ["cpu_percent", "gpu_percent", "memory_used_mb", "temperature_c", "power_w"];
const HOLE_MS = { 1: 30e3, 24: 180e3 }; // longer than this nothing was heard: the line is broken there

export class Readings {
  /** @param {string} slug */
  constructor(slug) {
    this.slug = slug;
    this.clear();
  }

  clear() {
    this.hours = 1;
    /** @type {number[]} milliseconds since the epoch */
    this.at = [];
    /** @type {Record<string, (?number)[]>} */
    this.columns = Object.fromEntries(FIELDS.map((name) => [name, []]));
    /** @type {{at: number, bytes_per_s: number}[]} */
    this.link = [];
  }

  /** @param {number} hours 1 or 24 */
  async load(hours) {
    const [told, link] = await Promise.all([call("GET", `/devices/${this.slug}/readings/?hours=${hours}`), call("GET", `/devices/${this.slug}/history/?minutes=${60 * hours}`)]);
    this.clear();
    this.hours = hours;
    told.at.forEach((at, row) => this.push(at, FIELDS.map((name) => told[name][row])));
    this.link = link.samples.map((one) => ({ at: Date.parse(one.at), bytes_per_s: one.bytes_per_s }));
  }

  has(name) {
    return this.columns[name].some((value) => value !== null);
  }

  /** A node as it was just heard; whether that is news. In the day's view a minute is waited for. */
  add(node) {
    const at = node?.last_seen ? Date.parse(node.last_seen) : NaN;
    if (Number.isNaN(at) || at - (this.at.at(-1) ?? 0) < (this.hours === 1 ? 1000 : 60e3)) return false;
    this.push(at, FIELDS.map((name) => (typeof node.sensors?.[name] === "number" ? node.sensors[name] : null)));
    const old = this.at.findIndex((one) => one > now() - this.hours * 3600e3);
    if (old > 0) [this.at, ...Object.values(this.columns)].forEach((column) => column.splice(0, old));
    return true;
  }

  /** @param {{at: number, bytes_per_s: number}[]} samples the newest ones, oldest first */
  addLink(samples) {
    const last = this.link.at(-1)?.at ?? 0;
    const fresh = samples.filter((one) => one.at > last);
    this.link.push(...fresh);
    return fresh.length > 0;
  }

  push(at, values) {
    const before = this.at.at(-1);
    if (before !== undefined && at - before > HOLE_MS[this.hours]) this.row(before + 1, FIELDS.map(() => null));
    this.row(at, values);
  }

  row(at, values) {
    this.at.push(at);
    FIELDS.forEach((name, index) => this.columns[name].push(values[index] ?? null));
  }
}
