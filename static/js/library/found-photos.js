/** What a search found, best first, with a reason below each: read at once, and shown as the grid shows the library. */

import { gettext } from "../i18n.js";

/**
 * @typedef {import("./store.js").Photo & {why: {names: string[], distance: number}}} FoundPhoto
 * @typedef {{about: string, items: FoundPhoto[], nearest: FoundPhoto[], searched: number, waiting: number}} Answer of the API
 */

export class FoundPhotos {
  /** @param {() => void} onChange */
  constructor(onChange) {
    this.onChange = onChange;
    /** @type {FoundPhoto[]} */
    this.photos = [];
    this.fits = true;
  }

  /** @param {?Answer} answer */
  put(answer) {
    this.fits = !answer?.nearest.length;
    this.photos = answer ? [...answer.items, ...answer.nearest] : [];
  }

  get total() {
    return this.photos.length;
  }

  sections() {
    const title = this.fits ? gettext("Best first") : gettext("Closest");
    return this.total ? [{ day: 0, title, count: this.total }] : [];
  }

  neighbours() {
    return [gettext("Previous photo"), gettext("Next photo")];
  }

  /** @param {number} place @returns {?string} */
  caption(place) {
    if (!this.fits) return null;
    return this.at(place)?.why.names.join(", ") || gettext("looks like it");
  }

  /** @param {number} place @returns {FoundPhoto | undefined} */
  at(place) {
    return this.photos[place];
  }

  /** @param {number} from @param {number} to */
  async range(from, to) {
    return this.photos.slice(Math.max(0, from), to);
  }

  want() {} // everything was read

  /** @param {Set<string>} ids @param {Partial<FoundPhoto>} change */
  patch(ids, change) {
    this.photos = this.photos.map((photo) => (ids.has(photo.id) ? { ...photo, ...change } : photo));
    this.onChange();
  }

  /** @param {Set<string>} ids */
  remove(ids) {
    this.photos = this.photos.filter((photo) => !ids.has(photo.id));
    this.onChange();
  }
}
