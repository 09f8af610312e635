/** Which photos are chosen, by their ids: also those whose rows are not in the document. */

export class Selection {
  /** @param {import("./store.js").PhotoStore | import("./found-photos.js").FoundPhotos} store @param {() => void} onChange */
  constructor(store, onChange) {
    this.store = store;
    this.onChange = onChange;
    /** @type {Set<string>} */
    this.ids = new Set();
    this.anchor = 0; // where a range begins
    /** @type {string[]} */
    this.range = []; // chosen by the range that is being drawn
    this.generation = 0; // photos that are still read for a choice of all are dropped when another choice was made
  }

  has(id) {
    return this.ids.has(id);
  }

  get size() {
    return this.ids.size;
  }

  /** @param {number} place */
  toggle(place) {
    const photo = this.store.at(place);
    if (!photo) return;
    if (!this.ids.delete(photo.id)) this.ids.add(photo.id);
    this.anchor = place;
    this.range = [];
    this.onChange();
  }

  /** Everything from the last one that was chosen by itself; a range drawn from there before is given up. @param {number} place */
  async extendTo(place) {
    const photos = await this.store.range(Math.min(this.anchor, place), Math.max(this.anchor, place) + 1);
    for (const id of this.range) this.ids.delete(id);
    this.range = photos.map((photo) => photo.id).filter((id) => !this.ids.has(id));
    for (const id of this.range) this.ids.add(id);
    this.onChange();
  }

  /** What is shown, from its first photo. @param {number} most @returns {Promise<boolean>} false where something else was chosen meanwhile */
  async all(most) {
    const generation = ++this.generation, photos = await this.store.range(0, Math.min(most, this.store.total));
    if (generation !== this.generation) return false;
    for (const { id } of photos) this.ids.add(id);
    this.range = [];
    this.onChange();
    return true;
  }

  /** @param {Iterable<string>} ids */
  drop(ids) {
    this.generation++;
    for (const id of ids) this.ids.delete(id);
    this.range = [];
    this.onChange();
  }

  clear() {
    this.drop([...this.ids]);
  }
}
