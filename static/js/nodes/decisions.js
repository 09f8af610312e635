/**
 * The placement decisions for a person's own questions on each device, and their regret against one fixed route. Fetched
 * again after an answer or a transfer, and periodically, since an answer by the device alone on another page causes
 * neither.
 *
 * @typedef {{at: number, route: string, split_at: ?number, level: ?number, bytes: number, predicted_ms: ?number,
 *   total_ms: number, up_bytes_per_s: ?number, fixed_ms?: Record<string, number>, number: number}} Decision `at` in milliseconds, `number` counts from 1
 * @typedef {{ours_ms: number, best_fixed: ?string, best_fixed_ms: ?number, by_way: Record<string, number>}} Regret
 */

import { call } from "../api.js";
import * as format from "../format.js";
import { gettext } from "../i18n.js";
import { label } from "../labels.js";

const SETTLE_MS = 1500; // after a transfer: its answer is stored a moment later
const RENEW_MS = 60000;

export class Decisions {
  /** @param {import("./store.js").NodeStore} store @param {() => string[]} wanted slugs of the devices shown */
  constructor(store, wanted) {
    this.store = store;
    this.wanted = wanted;
    /** @type {Map<string, {decisions: Decision[], regret: ?Regret}>} */
    this.known = new Map();
    this.listeners = new Set();
    this.due = 0;
    store.onChange((kind) => kind === "samples" && this.soon());
    setInterval(() => !document.hidden && Date.now() >= this.due && this.load(), 500);
  }

  /** @param {string} slug @returns {Decision[]} oldest first */
  of(slug) {
    return this.known.get(slug)?.decisions ?? [];
  }

  /** The estimates of a link: those received while the page was open, and those that decisions used. @param {string} slug */
  estimates(slug) {
    const used = this.of(slug).flatMap(({ at, up_bytes_per_s: up }) => (up === null ? [] : [{ at, up }]));
    return [...used, ...(this.store.estimates.get(slug) ?? [])].sort((a, b) => a.at - b.at);
  }

  /** @param {string} slug @returns {?Regret} */
  regret(slug) {
    return this.known.get(slug)?.regret ?? null;
  }

  /** @param {() => void} listener */
  onChange(listener) {
    this.listeners.add(listener);
  }

  /** Fetch them again once the latest answer is stored. */
  soon() {
    this.due = Math.min(this.due, Date.now() + SETTLE_MS);
  }

  async load() {
    this.due = Date.now() + RENEW_MS;
    await Promise.all(this.wanted().map((slug) => this.read(slug)));
    this.listeners.forEach((listener) => listener());
  }

  async read(slug) {
    try {
      const { decisions, regret } = await call("GET", `/api/v1/devices/${slug}/decisions`);
      this.known.set(slug, { decisions: decisions.map(numbered), regret });
    } catch {
      // The chart goes without its marks; the next attempt may succeed, and a lost server is reported elsewhere.
    }
  }
}

const numbered = (row, index) => ({ ...row, at: Date.parse(row.at), number: index + 1 });

/** "question 12: part on the device · 188 B · 41 ms" @param {Decision} decision */
export const decisionWords = (decision) => `${gettext("question %(number)s", { number: decision.number })}: ${label("routes", decision.route)} · ${format.bytes(Math.round(decision.bytes))} · ${format.ms(decision.total_ms)}`;
