/** The photos of the next question, in the order in which the answer counts them. */

import * as format from "./format.js";
import { gettext, ngettext } from "./i18n.js";
import { captured, restored, uploaded } from "./pending-photo.js";

export class PendingPhotos {
  /**
   * @param {HTMLElement} list @param {{bytes: number, photos: number}} limits
   * @param {{onError: (error: any) => void, onChange: () => void, focus: () => void}} hooks `focus`: where to go when no photo is left
   */
  constructor(list, limits, hooks) {
    this.list = list;
    this.limits = limits;
    this.hooks = hooks;
    /** @type {import("./pending-photo.js").PendingPhoto[]} */
    this.all = [];
    this.own = { ready: (pending) => this.ready(pending), failed: (pending, error) => this.failed(pending, error), remove: (pending) => this.remove(pending), move: (pending, by) => this.move(pending, by) };
  }

  get busy() {
    return this.all.some((pending) => pending.busy);
  }

  /** @param {File[]} files */
  take(files) {
    const small = files.filter((file) => file.size <= this.limits.bytes), room = this.room();
    for (const file of files) if (file.size > this.limits.bytes) this.hooks.onError(tooLarge(file, this.limits.bytes));
    this.add(small.slice(0, room).map((file) => uploaded(file, this.own)));
    if (small.length > room) this.hooks.onError(tooMany(small.length - room, this.limits.photos));
  }

  /** Have a device take one with its own camera. @param {string} device @param {string} camera */
  capture(device, camera) {
    if (this.room()) this.add([captured(device, camera, this.own)]);
    else this.hooks.onError(tooMany(1, this.limits.photos));
  }

  /** Those that were stored before the page was loaded. @param {any[]} photos as the server or a draft describes them */
  restore(photos) {
    const room = this.room();
    this.add(photos.slice(0, room).map((photo) => restored(photo, this.own)));
    if (photos.length > room) this.hooks.onError(tooMany(photos.length - room, this.limits.photos));
  }

  /** What a draft keeps of them: those that are stored. */
  stored() {
    return this.all.map((pending) => pending.stored()).filter(Boolean);
  }

  /** Their ids once all are stored. Rejects with the reason that one was refused. @returns {Promise<string[]>} */
  async ids() {
    const photos = await Promise.all(this.all.map((pending) => pending.sending.done));
    return [...new Set(photos.map(({ id }) => id))];
  }

  /** Discard all: they were asked about. */
  drop() {
    for (const pending of this.all) pending.drop();
    this.all = [];
    this.changed();
  }

  room() {
    return this.limits.photos - this.all.length;
  }

  /** @param {import("./pending-photo.js").PendingPhoto[]} more */
  add(more) {
    this.all.push(...more);
    this.list.append(...more.map(({ element }) => element));
    this.changed();
  }

  /** @param {import("./pending-photo.js").PendingPhoto} pending */
  ready(pending) {
    if (this.all.some((other) => other !== pending && other.photo?.id === pending.photo.id)) {
      this.remove(pending);
      this.hooks.onError({ message: gettext("“%(name)s” is in this question already.", { name: pending.name }), next: "" });
    } else this.changed();
  }

  /** @param {import("./pending-photo.js").PendingPhoto} pending @param {any} error */
  failed(pending, error) {
    this.remove(pending);
    this.hooks.onError(error);
  }

  /** The focus goes to the photo after it. @param {import("./pending-photo.js").PendingPhoto} pending */
  remove(pending) {
    const place = this.all.indexOf(pending), isFocused = pending.element.contains(document.activeElement);
    if (place < 0) return;
    pending.drop();
    this.all.splice(place, 1);
    this.changed();
    if (!isFocused) return;
    const next = this.all[place] ?? this.all.at(-1);
    if (next) next.remove.focus();
    else this.hooks.focus();
  }

  /** The focus stays with the photo. @param {import("./pending-photo.js").PendingPhoto} pending @param {number} by places: -1 or 1 */
  move(pending, by) {
    const place = this.all.indexOf(pending), other = this.all[place + by];
    if (place < 0 || !other) return;
    [this.all[place], this.all[place + by]] = [other, pending];
    if (by < 0) other.element.before(pending.element);
    else other.element.after(pending.element);
    this.changed();
    const [same, opposite] = by < 0 ? [pending.forward, pending.back] : [pending.back, pending.forward];
    (same.disabled ? opposite : same).focus();
  }

  changed() {
    const count = this.all.length;
    this.all.forEach((pending, place) => pending.place(place + 1, count));
    this.list.hidden = !count;
    this.list.classList.toggle("several", count > 1);
    this.hooks.onChange();
  }
}

/** @param {File} file @param {number} limit */
function tooLarge(file, limit) {
  const message = gettext("This photo is %(size)s; the limit is %(limit)s.", { size: format.bytes(file.size), limit: format.mebibytes(limit) });
  return { message, next: gettext("Save a smaller copy and try again.") };
}

/** @param {number} others that were not added @param {number} most */
function tooMany(others, most) {
  const message = ngettext("A question has at most %(most)s photos: %(count)s photo was not added.", "A question has at most %(most)s photos: %(count)s photos were not added.", others, { most });
  return { message, next: gettext("Ask about these, or make a batch of all of them.") };
}
