/**
 * Finding nodes among many: filters in the address of the page, which the server answers page by page.
 *
 * @typedef {{name: string, nodes: number}} Tag
 * @typedef {{total: number, tags: Tag[], states: Record<string, number>, engines: string[], models: string[]}} Facets
 * @typedef {{nodes: any[], found: number, page: number, pages: number, facets: Facets, matching: ?string[], rollout: ?import("./rollout.js").Rollout}} Listing
 */

import { call } from "../api.js";
import { byId, el, sentence } from "../dom.js";
import { gettext, ngettext } from "../i18n.js";
import { label } from "../labels.js";

const SETTLE_MS = 250; // after the last letter
const FEW = 2; // nodes for which nobody needs filters

export class Fleet {
  /** @param {Listing} listing @param {(listing: Listing) => void} onListing @param {(note: ?string) => void} onNote */
  constructor(listing, onListing, onNote) {
    this.query = new URLSearchParams(location.search);
    this.onListing = onListing;
    this.onNote = onNote;
    this.listing = listing;
    this.asked = 0;
    /** @type {number | undefined} */
    this.timer = undefined;
    this.form = byId("fleet");
    this.search = el("input", { type: "search", name: "search", value: this.query.get("search") ?? "", maxlength: "100", autocomplete: "off", placeholder: gettext("Name, board, engine, models or tag"), "aria-label": gettext("Find devices by name, board, engine, models or tag") });
    this.filters = el("div", { class: "filters" });
    this.tags = el("div", { class: "tags", role: "group", "aria-label": gettext("Tags") });
    this.count = el("p", { class: "hint", role: "status" });
    this.form.replaceChildren(el("div", { class: "filters" }, this.search, this.filters), this.tags, this.count);
    this.form.addEventListener("submit", (event) => event.preventDefault());
    this.search.addEventListener("input", () => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.set("search", this.search.value.trim()), SETTLE_MS);
    });
    addEventListener("popstate", () => {
      this.query = new URLSearchParams(location.search);
      this.search.value = this.query.get("search") ?? "";
      this.load();
    });
    this.draw();
  }

  /** Whether anything is filtered. */
  get narrowed() {
    return [...this.query.keys()].some((name) => name !== "page");
  }

  /** @param {string} name @param {string} value */
  set(name, value) {
    if ((this.query.get(name) ?? "") === value) return;
    if (value) this.query.set(name, value);
    else this.query.delete(name);
    if (name !== "page") this.query.delete("page");
    this.go();
  }

  /** @param {string} tag */
  toggle(tag) {
    const chosen = this.query.getAll("tag"), rest = chosen.filter((other) => other !== tag);
    this.query.delete("tag");
    for (const name of rest.length < chosen.length ? rest : [...chosen, tag]) this.query.append("tag", name);
    this.query.delete("page");
    this.go();
  }

  clear() {
    this.query = new URLSearchParams();
    this.search.value = "";
    this.go();
  }

  go() {
    history.pushState(null, "", this.query.size ? `?${this.query}` : location.pathname);
    this.load();
  }

  async load() {
    const asked = ++this.asked;
    try {
      const listing = await read(this.query);
      if (asked !== this.asked) return; // a later question has been asked meanwhile
      this.listing = listing;
      this.onNote(null);
    } catch (error) {
      return this.onNote(sentence(error));
    }
    this.draw();
    this.onListing(this.listing);
  }

  /** The update of agents that is under way now. @returns {Promise<?import("./rollout.js").Rollout>} */
  async rollout() {
    return (await read(this.query)).rollout;
  }

  /** The slugs of everything that is found, on all pages. @returns {Promise<string[]>} */
  async matching() {
    const query = new URLSearchParams(this.query);
    query.set("matching", "1");
    return (await read(query)).matching ?? [];
  }

  draw() {
    const { facets, found, page, pages } = this.listing;
    this.form.hidden = facets.total < FEW && !this.narrowed;
    const states = Object.entries(facets.states).map(([name, nodes]) => ({ name, label: `${label("node_states", name)} (${nodes})` }));
    const named = (/** @type {string[]} */ names) => names.map((name) => ({ name, label: name }));
    this.filters.replaceChildren(...[
      this.choice("state", gettext("any state"), gettext("State"), states),
      this.choice("tier", gettext("devices and edges"), gettext("Kind"), [{ name: "device", label: gettext("devices") }, { name: "edge", label: gettext("edges") }]),
      this.choice("engine", gettext("any engine"), gettext("Engine"), named(facets.engines)),
      this.choice("models", gettext("any models"), gettext("Models"), named(facets.models)),
      this.narrowed && el("button", { type: "button", class: "small", onclick: () => this.clear() }, gettext("Show all")),
    ].filter((part) => part !== false));
    const chosen = this.query.getAll("tag");
    this.tags.hidden = !facets.tags.length;
    this.tags.replaceChildren(...facets.tags.map((tag) => el("button", { type: "button", class: "small chip", "aria-pressed": String(chosen.includes(tag.name)), onclick: () => this.toggle(tag.name) }, `${tag.name} `, el("small", {}, String(tag.nodes)))));
    this.count.textContent = this.narrowed ? ngettext("%(count)s of %(all)s devices found", "%(count)s of %(all)s devices found", found, { all: facets.total }) : "";
    this.count.hidden = !this.narrowed;
    const turn = (/** @type {number} */ to, /** @type {string} */ text) => el("button", { type: "button", class: "small", disabled: to < 1 || to > pages, onclick: () => this.set("page", to === 1 ? "" : String(to)) }, text);
    byId("pages").hidden = pages < 2;
    byId("pages").replaceChildren(turn(page - 1, gettext("Previous")), el("span", { class: "hint" }, gettext("page %(number)s of %(pages)s", { number: page, pages })), turn(page + 1, gettext("Next")));
  }

  /** @param {string} name @param {string} any @param {string} title @param {{name: string, label: string}[]} options */
  choice(name, any, title, options) {
    const value = this.query.get(name) ?? "";
    const rest = value && !options.some((option) => option.name === value) ? [{ name: value, label: value }] : [];
    const select = el("select", { name, "aria-label": title }, el("option", { value: "" }, any), [...options, ...rest].map((option) => el("option", { value: option.name, selected: option.name === value }, option.label)));
    select.addEventListener("change", () => this.set(name, select.value));
    return select;
  }
}

/** @param {URLSearchParams} query @returns {Promise<Listing>} */
const read = (query) => call("GET", `/devices/?${query}`, undefined, { Accept: "application/json" });
