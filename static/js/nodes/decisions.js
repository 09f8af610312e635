/**
 * What was decided for a person's own questions on each device, and how that compares with one fixed way. Read anew
 * when a question was answered or something crossed the link, and now and then, since an answer of the device alone on
 * another page is told by neither.
 *
 * @typedef {{at: number, route: string, split_at: ?number, level: ?number, bytes: number, predicted_ms: ?number,
 *   total_ms: number, up_bytes_per_s: ?number, number: number}} Decision `at` in milliseconds, `number` counts from 1
 * @typedef {{ours_ms: number, best_fixed: ?string, best_fixed_ms: ?number, by_way: Record<string, number>}} Regret
 */

import { call } from "../api.js";
import * as format from "../format.js";

const SETTLE_MS = 1500; // after a transfer: its answer is written down a moment later
const RENEW_MS = 60000;

export class Decisions {
  /** @param {import("./store.js").NodeStore} store @param {() => string[]} wanted slugs of the devices that are shown */
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

  /** The estimates of a link: those told while the page was open, and those each decision was made with. @param {string} slug */
  estimates(slug) {
    const used = this.of(slug).filter((one) => one.up_bytes_per_s !== null).map((one) => ({ at: one.at, up: one.up_bytes_per_s }));
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

  /** Read them again once what has just happened is written down. */
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
      // The chart of the link does without its marks; the next look may succeed, and a lost server is told elsewhere.
    }
  }
}

const numbered = (row, index) => ({ ...row, at: Date.parse(row.at), number: index + 1 });

/** "question 12: split after block 1, level 2 · 188 B · 41 ms" @param {Decision} one */
export const decisionWords = (one) => `question ${one.number}: ${format.way(one)} · ${format.bytes(Math.round(one.bytes))} · ${format.ms(one.total_ms)}`;
