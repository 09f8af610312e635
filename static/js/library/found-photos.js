/** What a search found, best first, with a reason below each: read at once, and shown as the grid shows the library. */

import { decimal, gettext } from "../i18n.js";

const CLOSENESS = { "very close": gettext("very close"), close: gettext("close"), distant: gettext("distant") };

/**
 * @typedef {import("./store.js").Photo & {why: {names: string[], distance: number, closeness: string}}} FoundPhoto
 * @typedef {{about: string, items: FoundPhoto[], nearest: FoundPhoto[], searched: number, waiting: number}} Answer of the API
 */

export class FoundPhotos {
  /** @param {() => void} onChange */
  constructor(onChange) {
    this.onChange = onChange;
    /** @type {FoundPhoto[]} */
    this.photos = [];
    this.fits = true;
    this.byExample = false; // distances are likenesses of photos
  }

  /** @param {?Answer} answer @param {boolean} byExample */
  put(answer, byExample) {
    this.byExample = byExample;
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

  /** The reason and how close it is. @param {number} place @returns {?string} */
  caption(place) {
    const why = this.at(place)?.why;
    if (!why) return null;
    const closeness = CLOSENESS[why.closeness] ?? why.closeness;
    return this.fits ? gettext("%(reason)s · %(closeness)s", { reason: why.names.join(", ") || gettext("looks like it"), closeness }) : closeness;
  }

  /** The caption with the number behind it. @param {number} place @returns {?string} */
  detail(place) {
    const photo = this.at(place);
    if (!photo) return null;
    const values = { caption: this.caption(place), number: decimal(photo.why.distance, this.byExample ? 2 : 1) };
    return this.byExample
      ? gettext("%(caption)s: its likeness is %(number)s, where 1 is the same photo", values)
      : gettext("%(caption)s: it stands out from photos of other things by %(number)s standard deviations", values);
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
