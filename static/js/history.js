/** The conversations at the side: live, searched, renamed, pinned and deleted there. */

import { call } from "./api.js";
import { pinned } from "./conversations/header.js";
import { icon } from "./conversations/icons.js";
import { renameForm } from "./conversations/rename.js";
import { outcome, resultRow, searchWords, watchSearch } from "./conversations/search.js";
import { all, byId, el, sentence } from "./dom.js";
import { draftKey, editKey, write } from "./drafts.js";
import { gettext } from "./i18n.js";
import { LiveSocket } from "./socket.js";

const PAGE = 50;
const PAUSE_MS = 150; // several changes in a row lead to one reading

/** @typedef {import("./conversations/header.js").Row} Row */

export class History {
  /** @param {() => string} here id of the open conversation, or "" @param {number} titleChars @param {(row: Row) => void} onRow the open one as it is now */
  constructor(here, titleChars, onRow) {
    this.here = here;
    this.titleChars = titleChars;
    this.onRow = onRow;
    this.shown = PAGE;
    this.reading = 0;
    this.moreRow = this.more(); // one for good: a list that is drawn anew under the pointer must not swallow the click
    this.editing = false; // a row is a form now: it must not be drawn over
    watchSearch(() => {
      this.shown = PAGE;
      this.editing = false;
      this.load();
    });
    this.load();
    // A lost socket needs no note of its own: the list is late, and the page's other socket says so.
    new LiveSocket("/ws/conversations/", { onFrame: (frame) => this.receive(frame), onStatus: () => {} });
  }

  receive(frame) {
    if (frame.type === "conversation.changed" && frame.conversation.id === this.here()) this.onRow(frame.conversation);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.load(), PAUSE_MS);
  }

  async load() {
    const words = searchWords(), number = ++this.reading;
    const path = words ? `/api/v1/conversations/search?words=${encodeURIComponent(words)}` : "/api/v1/conversations?";
    try {
      const page = await this.pages(path);
      if (number === this.reading && !this.editing) this.draw(page, words); // else a later reading is under way
    } catch (error) {
      if (number === this.reading && !this.editing) byId("conversations").replaceChildren(el("li", { class: "hint", role: "alert" }, sentence(error)));
    }
  }

  /** As many pages as are shown. @param {string} path */
  async pages(path) {
    const items = [];
    for (;;) {
      const page = await call("GET", `${path}&limit=${PAGE}&offset=${items.length}`);
      items.push(...page.items);
      if (items.length >= Math.min(this.shown, page.total) || !page.items.length) return { items, total: page.total };
    }
  }

  draw({ items, total }, words) {
    const open = items.find(({ id }) => id === this.here());
    if (open && !words) this.onRow(open);
    const focused = document.activeElement?.closest("#conversations [data-id]")?.getAttribute("data-id");
    const rows = items.map((row) => (words ? resultRow(row, row.id === this.here()) : this.row(row)));
    const empty = !items.length && !words && el("li", { class: "hint" }, gettext("Your conversations will be listed here."));
    byId("search-outcome").textContent = words ? outcome(words, total) : "";
    byId("conversations").replaceChildren(...[...rows, empty, items.length < total && this.moreRow].filter((row) => row !== false));
    if (focused) /** @type {?HTMLElement} */ (document.querySelector(`#conversations [data-id="${focused}"] a`))?.focus();
  }

  more() {
    const show = () => {
      this.shown += PAGE;
      this.load();
    };
    return el("li", {}, el("button", { type: "button", class: "small more", onclick: show }, gettext("Show more")));
  }

  /** @param {Row} row */
  row(row) {
    const { id, title } = row, here = id === this.here();
    const item = el("li", { "data-here": here, "data-id": id });
    const action = (words, name, onclick, sign) => el("button", { type: "button", "aria-label": words, title: name, onclick }, sign);
    const actions = el("span", { class: "actions" },
      action(gettext("Rename %(title)s", { title }), gettext("Rename"), () => this.rename(item, row), icon("rename")),
      action(row.pinned ? gettext("Unpin %(title)s", { title }) : gettext("Pin %(title)s", { title }), row.pinned ? gettext("Unpin") : gettext("Pin"), () => this.pin(row), icon("pin")),
      action(gettext("Delete %(title)s", { title }), gettext("Delete"), () => this.confirm(item, id), "×"));
    item.append(el("a", { href: `/c/${id}/`, title, dir: "auto", "aria-current": here ? "page" : null }, title), row.pinned ? pinned() : "", actions);
    return item;
  }

  rename(item, row) {
    this.editing = true;
    item.replaceChildren(renameForm(row, this.titleChars, () => this.again()));
  }

  async pin({ id, pinned: isPinned }) {
    await this.attempt(() => call("PATCH", `/api/v1/conversations/${id}`, { pinned: !isPinned }));
  }

  /** Confirm in place, in the row itself. */
  confirm(item, id) {
    this.editing = true;
    const cancel = el("button", { type: "button", onclick: () => this.again() }, gettext("Cancel"));
    const drop = el("button", { type: "button", class: "danger", onclick: () => this.remove(id) }, gettext("Delete"));
    item.replaceChildren(el("div", { class: "sure" }, el("span", {}, gettext("Delete with its photos?")), drop, cancel));
    drop.focus();
  }

  async remove(id) {
    await this.attempt(async () => {
      await call("DELETE", `/api/v1/conversations/${id}`);
      write(draftKey(id), null);
      write(editKey(id), null);
      if (id === this.here()) location.assign("/");
    });
  }

  async attempt(work) {
    try {
      await work();
      await this.again();
    } catch (error) {
      byId("conversations").prepend(el("li", { class: "note error", role: "alert" }, sentence(error)));
    }
  }

  again() {
    this.editing = false;
    return this.load();
  }
}

/** On a phone, side panels are drawers behind a button. */
export function drawers() {
  for (const button of all("[data-drawer]")) {
    const drawer = byId(button.dataset.drawer ?? "");
    button.addEventListener("click", () => {
      const open = drawer.toggleAttribute("data-open");
      button.setAttribute("aria-expanded", String(open));
      if (open) window.scrollTo({ top: 0 });
    });
  }
}
