/**
 * Uploading many files, a few at a time. What fails for a moment is tried again; what is refused is remembered with the reason.
 * Where there is no room for more, the rest waits until somebody resumes it.
 *
 * @typedef {"waiting" | "sending" | "pausing" | "added" | "there" | "refused" | "failed"} State
 * @typedef {{file: File, path: string, state: State, share: number, error?: any, attempt: number}} Item
 */

import { upload } from "../api.js";
import * as format from "../format.js";
import { gettext } from "../i18n.js";
import { fingerprint } from "./upload-record.js";

const AT_ONCE = 3;
const PAUSES_MS = [1000, 4000, 10_000]; // before each further attempt
const FOR_A_MOMENT = ["network", "photos_busy", "too_fast", "database_unavailable", "too_many_bytes", "too_slow", "server"];
const NO_ROOM = ["storage_full", "disk_full"];
const UNFINISHED = /** @type {State[]} */ (["waiting", "sending", "pausing"]);

export class UploadQueue {
  /** @param {{max_upload_bytes: number, most_at_once: number}} limits @param {import("./upload-record.js").UploadRecord} record
   * @param {{onChange: () => void, onProblem: (item: Item) => void, onHalt: () => void}} hooks `onHalt`: nothing more is sent by itself */
  constructor(limits, record, hooks) {
    this.limits = limits;
    this.record = record;
    this.hooks = hooks;
    /** @type {Set<Item>} */
    this.sending = new Set();
    /** @type {Item[]} */
    this.items = [];
    /** @type {Item[]} what waits, the next one last */
    this.line = [];
    /** @type {Map<State, number>} */
    this.counts = new Map();
    this.stopped = false;
    /** @type {any} why nothing more is sent for now */
    this.full = null;
    addEventListener("beforeunload", (event) => this.unfinished && event.preventDefault());
    addEventListener("pagehide", () => this.record.flush());
  }

  clear() {
    Object.assign(this, { items: [], line: [], counts: new Map(), stopped: false, full: null });
  }

  /** How many files are not done with. */
  get unfinished() {
    return UNFINISHED.reduce((sum, state) => sum + this.count(state), 0);
  }

  get busy() {
    return this.sending.size > 0 || (this.unfinished > 0 && !this.full);
  }

  /** @param {State} state */
  count(state) {
    return this.counts.get(state) ?? 0;
  }

  /** @param {Item} item @param {State} state @param {any} [error] */
  change(item, state, error) {
    this.counts.set(item.state, this.count(item.state) - 1);
    this.counts.set(state, this.count(state) + 1);
    Object.assign(item, { state, error });
    if (state === "refused" || state === "failed") this.hooks.onProblem(item);
  }

  /** @param {Item[]} items */
  enqueue(items) {
    this.line = [...items.slice().reverse(), ...this.line];
  }

  /** @param {{file: File, path: string}[]} files */
  async add(files) {
    if (!this.unfinished) this.clear();
    this.stopped = false;
    /** @type {Item[]} */
    const items = files.map((file) => ({ ...file, state: "waiting", share: 0, attempt: 0 }));
    this.counts.set("waiting", this.count("waiting") + items.length);
    for (const item of items) this.items.push(item);
    this.record.begin(this.items.length);
    this.hooks.onChange();
    const present = await this.record.present(items.map(fingerprint), this.limits.most_at_once).catch(() => new Set()); // then they are sent again
    for (const item of items) {
      if (item.state !== "waiting") continue; // stopped meanwhile
      if (present.has(fingerprint(item))) this.change(item, "there");
      else if (item.file.size > this.limits.max_upload_bytes) this.change(item, "refused", tooLarge(this.limits.max_upload_bytes));
    }
    this.enqueue(items.filter(({ state }) => state === "waiting"));
    this.resume();
  }

  /** Send on, also where there was no room a moment ago. */
  resume() {
    this.full = null;
    this.go();
  }

  /** Send what failed again. */
  retry() {
    const failed = this.items.filter(({ state }) => state === "failed");
    for (const item of failed) {
      this.change(item, "waiting");
      Object.assign(item, { attempt: 0, share: 0 });
    }
    this.stopped = false;
    this.enqueue(failed);
    this.resume();
  }

  /** Send nothing more; what is on its way arrives. */
  stop() {
    this.stopped = true;
    for (const item of this.items) if (item.state === "waiting") this.change(item, "failed", { message: gettext("The upload was stopped.") });
    this.line = [];
    this.go();
  }

  go() {
    while (this.sending.size < AT_ONCE && this.line.length && !this.full) this.send(/** @type {Item} */ (this.line.pop()));
    this.hooks.onChange();
    if (!this.busy && this.items.length) this.halt();
  }

  halt() {
    if (this.unfinished || this.count("failed")) this.record.save();
    else this.record.end();
    this.hooks.onHalt();
  }

  /** @param {Item} item */
  async send(item) {
    this.change(item, "sending");
    this.sending.add(item);
    try {
      const photo = await upload(item.file, "", (share) => this.progress(item, share), true).done;
      this.change(item, photo.already_there ? "there" : "added");
      this.record.add(fingerprint(item), photo.id);
    } catch (error) {
      this.fail(item, error);
    } finally {
      this.sending.delete(item);
    }
    this.go();
  }

  progress(item, share) {
    item.share = share;
    this.hooks.onChange();
  }

  fail(item, error) {
    if (NO_ROOM.includes(error.code)) {
      this.full = error;
      this.wait(item);
    } else if (!FOR_A_MOMENT.includes(error.code)) {
      this.change(item, "refused", error);
    } else if (item.attempt < PAUSES_MS.length && !this.stopped) {
      this.change(item, "pausing");
      setTimeout(() => {
        this.wait(item);
        this.go();
      }, PAUSES_MS[item.attempt++]);
    } else {
      this.change(item, "failed", error);
    }
  }

  /** First in the line. @param {Item} item */
  wait(item) {
    item.share = 0;
    this.change(item, "waiting");
    this.line.push(item);
  }
}

/** The same words for every such file, so that they are listed together. */
function tooLarge(most) {
  return { message: gettext("A photo may have at most %(limit)s.", { limit: format.mebibytes(most) }), next: gettext("Save a smaller copy and try again.") };
}
