/**
 * Which files of an upload that was broken off are on the server: kept in this browser until all are there or the person logs
 * out. A browser gives no page its files again after a reload; whoever chooses them again sends only what is missing.
 */

import { call } from "../api.js";
import { draftKey, read, write } from "../drafts.js";
import { inParts } from "./parts.js";

const MOST = 20_000, WRITE_MS = 1000;

/** @param {{file: File, path: string}} item */
export const fingerprint = ({ file, path }) => `${path}|${file.size}|${file.lastModified}`;

export class UploadRecord {
  constructor() {
    this.key = draftKey("library upload");
    const { total = 0, done = {} } = read(this.key);
    this.total = total;
    this.done = new Map(Object.entries(done));
  }

  get unfinished() {
    return this.total > this.done.size;
  }

  /** @param {number} total files of this upload */
  begin(total) {
    this.total = total;
    this.soon();
  }

  /** @param {string} print @param {string} photo its id */
  add(print, photo) {
    if (this.done.size < MOST) this.done.set(print, photo);
    this.soon();
  }

  soon() {
    this.timer ??= setTimeout(() => this.save(), WRITE_MS);
  }

  save() {
    clearTimeout(this.timer);
    this.timer = undefined;
    write(this.key, this.total ? { total: this.total, done: Object.fromEntries(this.done) } : null);
  }

  /** What waits to be written; a page without an upload has nothing to say, and another tab may have. */
  flush() {
    if (this.timer !== undefined) this.save();
  }

  end() {
    this.total = 0;
    this.done.clear();
    this.save();
  }

  /** The files that are on the server and were not deleted since. @param {string[]} prints @param {number} mostAtOnce @returns {Promise<Set<string>>} */
  async present(prints, mostAtOnce) {
    const known = prints.filter((print) => this.done.has(print)), present = new Set();
    for (const part of inParts(known, mostAtOnce)) {
      const { photos } = await call("POST", "/api/v1/library/present", { photos: part.map((print) => this.done.get(print)) });
      for (const print of part) if (photos.includes(this.done.get(print))) present.add(print);
    }
    return present;
  }
}
