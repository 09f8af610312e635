/**
 * Uploading many files, a few at a time. What fails for a moment is tried again; what is refused is remembered with the reason.
 *
 * @typedef {{file: File, path: string, state: "waiting" | "sending" | "added" | "there" | "refused" | "failed", share: number, error?: any, attempt: number}} Item
 */

import { upload } from "../api.js";
import * as format from "../format.js";
import { gettext } from "../i18n.js";
import { fingerprint } from "./upload-record.js";

const AT_ONCE = 3;
const PAUSES_MS = [1000, 4000, 10_000]; // before each further attempt
const FOR_A_MOMENT = ["network", "photos_busy", "too_fast", "database_unavailable", "too_many_bytes", "too_slow", "server"];

export class UploadQueue {
  /** @param {{max_upload_bytes: number, most_at_once: number}} limits @param {import("./upload-record.js").UploadRecord} record
   * @param {{onChange: () => void, onEnd: () => void}} hooks */
  constructor(limits, record, hooks) {
    this.limits = limits;
    this.record = record;
    this.hooks = hooks;
    /** @type {Item[]} */
    this.items = [];
    this.sending = 0;
    this.stopped = false;
    addEventListener("beforeunload", (event) => this.busy && event.preventDefault());
    addEventListener("pagehide", () => this.record.flush());
  }

  get busy() {
    return this.items.some(({ state }) => state === "waiting" || state === "sending");
  }

  /** @param {string} state */
  count(state) {
    return this.items.filter((item) => item.state === state).length;
  }

  /** @param {{file: File, path: string}[]} files */
  async add(files) {
    if (!this.busy) this.items = [];
    this.stopped = false;
    /** @type {Item[]} */
    const items = files.map((file) => ({ ...file, state: "waiting", share: 0, attempt: 0 }));
    this.items.push(...items);
    this.record.begin(this.items.length);
    this.hooks.onChange();
    const present = await this.record.present(items.map(fingerprint), this.limits.most_at_once).catch(() => new Set()); // then they are sent again
    for (const item of items) {
      if (present.has(fingerprint(item))) item.state = "there";
      else if (item.file.size > this.limits.max_upload_bytes) this.refuse(item, tooLarge(item.file, this.limits.max_upload_bytes));
    }
    this.go();
  }

  /** Send what failed again. */
  retry() {
    for (const item of this.items) if (item.state === "failed") Object.assign(item, { state: "waiting", attempt: 0, share: 0 });
    this.stopped = false;
    this.go();
  }

  /** Send nothing more; what is on its way arrives. */
  stop() {
    this.stopped = true;
    for (const item of this.items) {
      if (item.state === "waiting") Object.assign(item, { state: "failed", error: { message: gettext("The upload was stopped.") } });
    }
    this.go();
  }

  go() {
    for (const item of this.items) {
      if (this.sending >= AT_ONCE) break;
      if (item.state === "waiting") this.send(item);
    }
    this.hooks.onChange();
    if (!this.busy && this.items.length) this.end();
  }

  end() {
    if (!this.count("failed")) this.record.end();
    else this.record.save();
    this.hooks.onEnd();
  }

  /** @param {Item} item */
  async send(item) {
    item.state = "sending";
    this.sending += 1;
    try {
      const photo = await upload(item.file, "", (share) => this.progress(item, share), true).done;
      item.state = photo.already_there ? "there" : "added";
      this.record.add(fingerprint(item), photo.id);
    } catch (error) {
      this.fail(item, error);
    } finally {
      this.sending -= 1;
    }
    this.go();
  }

  progress(item, share) {
    item.share = share;
    this.hooks.onChange();
  }

  fail(item, error) {
    if (!FOR_A_MOMENT.includes(error.code)) {
      this.refuse(item, error);
    } else if (item.attempt < PAUSES_MS.length && !this.stopped) {
      setTimeout(() => {
        item.state = "waiting";
        this.go();
      }, PAUSES_MS[item.attempt++]);
    } else {
      Object.assign(item, { state: "failed", error });
    }
  }

  refuse(item, error) {
    Object.assign(item, { state: "refused", error });
  }
}

function tooLarge(file, most) {
  const message = gettext("This photo is %(size)s; the limit is %(limit)s.", { size: format.bytes(file.size), limit: format.mebibytes(most) });
  return { message, next: gettext("Save a smaller copy and try again.") };
}
