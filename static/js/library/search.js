/** The search above the grid: by words or by an example photo, both in the address of the page. */

import { call } from "../api.js";
import { byId, el } from "../dom.js";
import { count as digits } from "../format.js";
import { gettext, ngettext } from "../i18n.js";
import { FoundPhotos } from "./found-photos.js";

const WISHES = ["q", "alike"];
const ID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;

export class Search {
  /**
   * @param {boolean} available whether this server searches photos
   * @param {{filters: () => Record<string, string>, onChange: () => void, onStart: () => void, onError: (error: any) => void, enterGrid: () => void}} hooks
   */
  constructor(available, hooks) {
    this.available = available;
    this.hooks = hooks;
    this.found = new FoundPhotos(() => hooks.onChange());
    this.words = "";
    this.example = ""; // the id of a photo
    /** @type {?import("./found-photos.js").Answer} */
    this.answer = null;
    this.failed = false;
    this.shownExample = "";
    this.generation = 0; // an answer to earlier words is dropped when it arrives
    this.input = byId("q");
    byId("search").addEventListener("submit", (event) => {
      event.preventDefault();
      this.start(this.input.value.trim(), "");
    });
    this.input.addEventListener("input", () => !this.input.value && this.words && this.leave());
    this.input.addEventListener("keydown", (event) => this.key(event));
  }

  get active() {
    return Boolean(this.words || this.example);
  }

  /** What is searched for, as the form of a new batch takes it. @returns {Record<string, string>} */
  wish() {
    return { ...(this.words && { q: this.words }), ...(this.example && { alike: this.example }) };
  }

  /** What the address says. */
  restore() {
    byId("search-area").hidden = !this.available;
    if (!this.available) return;
    const query = new URLSearchParams(location.search), example = query.get("alike") ?? "";
    this.example = ID.test(example) ? example : "";
    this.words = this.example ? "" : (query.get("q") ?? "").trim();
    this.input.value = this.words;
    if (this.active) this.run();
  }

  /** @param {string} id of a photo whose like is wanted */
  alike(id) {
    this.input.value = "";
    this.start("", id);
    byId("example").querySelector("button")?.focus();
  }

  leave() {
    this.input.value = "";
    if (!this.active) return;
    this.start("", "");
    this.input.focus();
  }

  /** @param {string} words @param {string} example */
  start(words, example) {
    [this.words, this.example] = [words, example];
    const query = new URLSearchParams(location.search);
    for (const name of WISHES) query.delete(name);
    if (words) query.set("q", words);
    if (example) query.set("alike", example);
    history.replaceState(null, "", query.size ? `?${query}` : location.pathname);
    this.hooks.onStart();
    this.run();
  }

  async run() {
    const generation = ++this.generation;
    this.put(null);
    if (!this.active) return;
    this.hooks.onError(null);
    const query = new URLSearchParams({ ...this.hooks.filters(), ...(this.words && { q: this.words }) });
    try {
      const answer = await call("GET", this.example ? `/api/v1/library/photos/${this.example}/alike?${query}` : `/api/v1/library/search?${query}`);
      if (generation === this.generation) this.put(answer);
    } catch (error) {
      if (generation !== this.generation) return;
      this.failed = true;
      this.hooks.onChange();
      this.hooks.onError(error);
    }
  }

  /** @param {?import("./found-photos.js").Answer} answer null: none yet */
  put(answer) {
    this.failed = false;
    this.answer = answer;
    this.found.put(answer, Boolean(this.example));
    this.hooks.onChange();
  }

  show() {
    byId("found").hidden = !this.active || this.failed;
    byId("example").hidden = !this.example;
    if (this.shownExample !== this.example) this.showExample();
    const lines = this.active && !this.failed ? this.lines() : [];
    if (byId("found").textContent !== lines.join("")) byId("found").replaceChildren(...lines.map((line) => el("p", {}, line)));
  }

  showExample() {
    this.shownExample = this.example;
    byId("example").replaceChildren(...(this.example ? [
      el("img", { src: `/photos/${this.example}/?small=1`, alt: "" }), el("span", {}, gettext("Photos like this one")),
      el("button", { type: "button", class: "small", onclick: () => this.leave() }, gettext("Show all photos")),
    ] : []));
  }

  /** @returns {string[]} */
  lines() {
    if (!this.answer) return [gettext("Searching…")];
    const { about, items, searched, waiting } = this.answer, number = digits(searched);
    const outcome = items.length
      ? ngettext("%(number)s photo fits.", "%(number)s photos fit.", items.length, { number: digits(items.length) })
      : ngettext("Nothing like that among %(number)s photo.", "Nothing like that among %(number)s photos.", searched, { number });
    return [
      outcome,
      about && about !== this.words.toLowerCase() ? gettext("Searched for: %(words)s.", { words: about }) : "",
      waiting ? ngettext("%(number)s photo is not indexed yet; it can be found once a device has looked at it.", "%(number)s photos are not indexed yet; they can be found once a device has looked at them.", waiting, { number: digits(waiting) }) : "",
    ].filter(Boolean);
  }

  key(event) {
    if (event.key === "Escape") {
      event.preventDefault();
      this.leave();
    } else if (event.key === "ArrowDown" && !byId("grid").hidden) {
      event.preventDefault();
      this.hooks.enterGrid();
    }
  }
}
