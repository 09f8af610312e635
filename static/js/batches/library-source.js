/** The photos of a new batch, where the library chose them: what its filters or a search show, or a selection. */

import { call } from "../api.js";
import { byId, el } from "../dom.js";
import * as format from "../format.js";
import { gettext, ngettext } from "../i18n.js";
import { handed } from "../library/handover.js";
import { inParts } from "../library/parts.js";
import { timeWords } from "../times.js";

const AT_ONCE = 500; // ids that one request may have

/**
 * @typedef {{favourites?: boolean, unasked?: boolean, album?: string, conversation?: string, device?: string, since?: string, until?: string, q?: string, alike?: string}} Query
 * @typedef {{total: number, photos: {id: string, url: string}[], query: Query, album: string} & {error?: string}} Library as the server puts it into the page
 */

export class LibrarySource {
  /** @param {{library: ?Library, selection: boolean, sample: number}} start @param {() => void} onChange @param {(text: string) => void} onTrouble */
  constructor(start, onChange, onTrouble) {
    this.library = start.library;
    this.selection = start.selection;
    this.sample = start.sample;
    this.onChange = onChange;
    this.onTrouble = onTrouble;
    /** @type {string[]} */
    this.ids = [];
    this.count = start.library?.total ?? 0;
  }

  get active() {
    return this.selection || this.library !== null;
  }

  /** What a new batch sends to have these photos. */
  body() {
    return this.selection ? { photos: this.ids } : { library: this.library?.query };
  }

  async show() {
    byId("from-library").hidden = false;
    byId("chooser").hidden = true;
    if (this.selection) await this.readSelection();
    else if (this.library?.error) this.onTrouble(this.library.error);
    const photos = this.selection ? this.ids.slice(0, this.sample).map((id) => ({ id, url: `/photos/${id}/` })) : this.library?.photos ?? [];
    const more = this.count - photos.length;
    byId("from-library-what").textContent = this.words();
    byId("from-library-photos").replaceChildren(
      ...photos.map(({ url }) => el("li", {}, el("img", { src: `${url}?small=1`, alt: "" }))),
      ...(more > 0 ? [el("li", { class: "more" }, ngettext("and %(number)s more", "and %(number)s more", more, { number: format.count(more) }))] : []));
    byId("back-to-library").setAttribute("href", `/library/${this.address()}`);
    this.onChange();
  }

  /** Without photos that have been deleted since. */
  async readSelection() {
    const present = new Set();
    for (const photos of inParts(handed(), AT_ONCE)) for (const id of (await call("POST", "/api/v1/library/present", { photos })).photos) present.add(id);
    this.ids = handed().filter((id) => present.has(id));
    this.count = this.ids.length;
    if (!this.count) this.onTrouble(gettext("The photos that were chosen are not known any more. Choose them again in the library."));
  }

  /** The address of what the library showed, whose days are those of this browser. */
  address() {
    if (this.selection || !this.library?.query) return "";
    const { since, until, ...rest } = this.library.query, query = new URLSearchParams();
    for (const [name, value] of Object.entries(rest)) query.set(name, value === true ? "1" : String(value));
    if (since) query.set("since", day(since, 0));
    if (until) query.set("until", day(until, -1));
    return query.size ? `?${query}` : "";
  }

  words() {
    if (this.selection) return gettext("Chosen in the library");
    const { query, album } = this.library ?? {};
    if (!query) return "";
    const parts = [
      query.q && gettext("Search: %(words)s", { words: query.q }),
      query.alike && gettext("Photos that look like one of yours"),
      query.album && gettext("Album: %(name)s", { name: album ?? "" }),
      query.conversation && gettext("Photos of a conversation"),
      query.favourites && gettext("Favourites"),
      query.unasked && gettext("Never asked about"),
      query.device && gettext("Device: %(name)s", { name: query.device }),
      query.since && gettext("from %(day)s", { day: timeWords(query.since, "day") }),
      query.until && gettext("to %(day)s", { day: timeWords(moved(query.until, -1).toISOString(), "day") }),
    ].filter(Boolean);
    return parts.length ? parts.join(" · ") : gettext("All photos of the library");
  }
}

/** @param {string} iso @param {number} days */
function moved(iso, days) {
  const moment = new Date(iso);
  moment.setDate(moment.getDate() + days);
  return moment;
}

/** As a date field has it. @param {string} iso @param {number} days */
function day(iso, days) {
  const moment = moved(iso, days), two = (number) => String(number).padStart(2, "0");
  return `${moment.getFullYear()}-${two(moment.getMonth() + 1)}-${two(moment.getDate())}`;
}
