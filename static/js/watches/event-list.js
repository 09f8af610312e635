/** The events that the page has: the newest that fit the filters, more on request, and one that a link names. */

import { call } from "../api.js";

const PART = 100, MOST = 1000; // events of a request, and in the page

export class EventList {
  /** @param {any[]} events the newest @param {import("./filters.js").Filters} filters @param {{onChange: () => void, onError: (error: any) => void}} hooks */
  constructor(events, filters, hooks) {
    this.events = events;
    this.filters = filters;
    this.hooks = hooks;
    this.hasMore = events.length >= PART;
    /** @type {any} an event that is shown by itself, as it is not in the list */
    this.single = null;
    /** @type {any[]} events that came while the server was being asked, whose answer may lack them */
    this.fresh = [];
    this.generation = 0; // an answer to earlier filters is dropped when it arrives
  }

  get full() {
    return this.hasMore && this.events.length >= MOST;
  }

  /** @param {number} id */
  has(id) {
    return this.events.some((event) => event.id === id);
  }

  /** The newest that fit the filters. */
  load() {
    return this.read(0);
  }

  more() {
    return this.read(this.events.length);
  }

  /** @param {number} offset */
  async read(offset) {
    this.fresh = [];
    const generation = ++this.generation, query = new URLSearchParams({ ...this.filters.query(), limit: String(PART), offset: String(offset) });
    try {
      const { items, total } = await call("GET", `/api/v1/watches/events?${query}`);
      if (generation !== this.generation) return;
      this.events = merged(this.fresh.filter((event) => this.filters.fits(event)), offset ? merged(this.events, items) : items);
      this.hasMore = items.length > 0 && this.events.length < total;
    } catch (error) {
      if (generation === this.generation) this.hooks.onError(error);
    }
    this.hooks.onChange();
  }

  /** Show one that may be older than those in the list. @param {number} id @returns {Promise<boolean>} false: it is gone */
  async open(id) {
    if (this.has(id)) this.single = null;
    else {
      try {
        this.single = await call("GET", `/api/v1/watches/events/${id}`);
      } catch (caught) {
        const error = /** @type {import("../api.js").ApiError} */ (caught), isGone = error.code === "not_found";
        if (!isGone) this.hooks.onError(error);
        return !isGone;
      }
    }
    this.hooks.onChange();
    return true;
  }

  close() {
    this.single = null;
    this.hooks.onChange();
  }

  /** The newest events of all, when the connection is there again. @param {any[]} newest */
  resume(newest) {
    const overlaps = newest.length < PART || newest.some(({ id }) => this.has(id));
    if (this.filters.active || !overlaps) this.load();
    else this.events = merged(newest, this.events);
  }

  /** @param {any} event that is new or has changed */
  take(event) {
    this.fresh = merged([event], this.fresh);
    if (this.single?.id === event.id) this.single = event;
    if (this.filters.fits(event)) this.events = merged([event], this.events);
    else this.events = this.events.filter(({ id }) => id !== event.id);
  }

  /** @param {number} watch that was deleted */
  forget(watch) {
    if (this.single?.watch === watch) this.single = null;
    this.events = this.events.filter((event) => event.watch !== watch);
  }
}

/** The newer state of each event, the newest event first. @param {any[]} newer @param {any[]} older */
const merged = (newer, older) => [...newer, ...older.filter((event) => !newer.some(({ id }) => id === event.id))].sort((a, b) => new Date(b.at).getTime() - new Date(a.at).getTime() || b.id - a.id).slice(0, MOST);
