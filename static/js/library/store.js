/**
 * The photos of the library by their place in it, 0 the newest. How many there are is known from the start, by quarters of an
 * hour; the photos themselves are read around the places that are looked at, in pages that start at a photo.
 *
 * @typedef {{id: string, url: string, created: string, favourite: boolean, on_server: boolean, devices: string[]}} Photo
 * @typedef {{slot: number, count: number, start: number, photos: Photo[]}} Group the first `photos.length` of it were read
 */

import { call } from "../api.js";
import { gettext } from "../i18n.js";
import { byDay } from "./layout.js";

const SLOT_MS = 900_000;
const PAGE = 200, MOST = 500;
const slotOf = (photo) => Math.floor(Date.parse(photo.created) / SLOT_MS);

export class PhotoStore {
  /** @param {{onChange: () => void, onError: (error: any) => void}} hooks */
  constructor(hooks) {
    this.hooks = hooks;
    /** @type {Record<string, string>} */
    this.filters = {};
    /** @type {Group[]} */
    this.groups = [];
    this.total = 0;
    /** @type {?Promise<void>} */
    this.reading = null;
    this.wanted = [0, 0];
    this.generation = 0; // what was asked for before a reload is dropped when it arrives
  }

  sections() {
    return byDay(this.groups);
  }

  /** What the photos before and behind one are called. */
  neighbours() {
    return [gettext("Newer photo"), gettext("Older photo")];
  }

  /** Said below a photo; null: nothing below any. @returns {?string} */
  caption() {
    return null;
  }

  /** The caption in full. @returns {?string} */
  detail() {
    return null;
  }

  /** What came with the page, before the counts are known. @param {Photo[]} photos */
  seed(photos) {
    const slots = new Map();
    for (const photo of photos) slots.set(slotOf(photo), (slots.get(slotOf(photo)) ?? 0) + 1);
    this.reset([...slots]);
    this.put(photos);
  }

  /** Count again. @param {Record<string, string>} [filters] @param {Photo[]} [first] the newest, where they are known */
  async load(filters = this.filters, first) {
    const generation = ++this.generation, same = filters === this.filters;
    this.filters = filters;
    const query = new URLSearchParams(filters);
    const newest = new URLSearchParams({ ...filters, limit: String(PAGE) });
    const [{ slots }, { items }] = await Promise.all([
      call("GET", `/api/v1/library/slots?${query}`),
      first ? { items: first } : call("GET", `/api/v1/library/photos?${newest}`),
    ]);
    if (generation !== this.generation) return;
    const known = same ? this.groups.flatMap((group) => group.photos) : [];
    const changed = new Set(items.map((photo) => photo.id));
    this.reset(slots);
    this.put(items);
    if (same) this.keep(known.filter((photo) => !changed.has(photo.id)));
    this.hooks.onChange();
  }

  /** @param {[number, number][]} slots */
  reset(slots) {
    this.groups = slots.map(([slot, count]) => ({ slot, count, start: 0, photos: [] }));
    this.number();
  }

  number() {
    this.groups = this.groups.filter((group) => group.count > 0);
    this.bySlot = new Map(this.groups.map((group) => [group.slot, group]));
    this.total = 0;
    for (const group of this.groups) {
      group.start = this.total;
      this.total += group.count;
    }
  }

  /** Photos that were read before a reload, where their whole quarter is unchanged. @param {Photo[]} photos */
  keep(photos) {
    const slots = new Map();
    for (const photo of photos) slots.set(slotOf(photo), [...(slots.get(slotOf(photo)) ?? []), photo]);
    for (const [slot, rows] of slots) {
      const group = this.bySlot?.get(slot);
      if (group && !group.photos.length && group.count === rows.length) group.photos = rows;
    }
  }

  /** Photos in their order, from a place at which a group begins or was read up to. @param {Photo[]} photos */
  put(photos) {
    for (const photo of photos) {
      const group = this.bySlot?.get(slotOf(photo));
      if (!group || group.photos.some((other) => other.id === photo.id)) continue;
      group.photos.push(photo);
      if (group.photos.length > group.count) group.count = group.photos.length;
    }
  }

  /** @param {number} place @returns {?Group} */
  groupAt(place) {
    let low = 0, high = this.groups.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1, group = this.groups[middle];
      if (place < group.start) high = middle - 1;
      else if (place >= group.start + group.count) low = middle + 1;
      else return group;
    }
    return null;
  }

  /** Undefined until it is read. @param {number} place @returns {Photo | undefined} */
  at(place) {
    const group = this.groupAt(place);
    return group?.photos[place - group.start];
  }

  /** @param {string} id @returns {number} its place; -1 if it is not known */
  placeOf(id) {
    for (const group of this.groups) {
      const index = group.photos.findIndex((photo) => photo.id === id);
      if (index >= 0) return group.start + index;
    }
    return -1;
  }

  /** Have the photos from one place to another read, unless others are looked at by then. @param {number} from @param {number} to */
  want(from, to) {
    this.wanted = [from, to];
    this.reading ??= this.readWanted().catch(this.hooks.onError).finally(() => { this.reading = null; });
  }

  async readWanted() {
    for (let place = this.missing(...this.wanted); place >= 0; place = this.missing(...this.wanted)) {
      await this.read(place);
      this.hooks.onChange();
    }
  }

  /** All photos from one place to another. @param {number} from @param {number} to @returns {Promise<Photo[]>} */
  async range(from, to) {
    for (let place = this.missing(from, to); place >= 0; place = this.missing(from, to)) await this.read(place);
    return Array.from({ length: to - from }, (_, index) => this.at(from + index)).filter((photo) => photo !== undefined);
  }

  missing(from, to) {
    for (let place = Math.max(0, from); place < Math.min(to, this.total); place++) if (!this.at(place)) return place;
    return -1;
  }

  /** One page, from where the quarter of this place was read up to. @param {number} place */
  async read(place) {
    const group = this.groupAt(place), generation = this.generation;
    if (!group) return;
    const last = group.photos.at(-1), before = last ? `${last.created}_${last.id}` : new Date((group.slot + 1) * SLOT_MS).toISOString();
    const had = group.photos.length, limit = Math.min(MOST, Math.max(PAGE, place - group.start - had + 1));
    const query = new URLSearchParams({ ...this.filters, before, limit: String(limit) });
    const { items } = await call("GET", `/api/v1/library/photos?${query}`);
    if (generation !== this.generation) return;
    this.put(items);
    if (group.photos.length > had) return;
    group.count = had; // what was counted is gone by now
    this.number();
  }

  /** @param {Set<string>} ids @param {Partial<Photo>} change */
  patch(ids, change) {
    for (const group of this.groups) group.photos = group.photos.map((photo) => (ids.has(photo.id) ? { ...photo, ...change } : photo));
    this.hooks.onChange();
  }

  /** @param {Set<string>} ids */
  remove(ids) {
    for (const group of this.groups) {
      const left = group.photos.filter((photo) => !ids.has(photo.id));
      group.count -= group.photos.length - left.length;
      group.photos = left;
    }
    this.number();
    this.hooks.onChange();
  }
}
