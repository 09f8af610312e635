/** The conversations at the side, and deleting one. */

import { call } from "./api.js";
import { all, byId, el, sentence } from "./dom.js";
import { draftKey, write } from "./drafts.js";
import { gettext } from "./i18n.js";

export class History {
  /** @param {() => string} here id of the open conversation, or "" */
  constructor(here) {
    this.here = here;
    this.load();
  }

  async load() {
    try {
      this.draw((await call("GET", "/api/v1/conversations?limit=200")).items);
    } catch (error) {
      byId("conversations").replaceChildren(el("li", { class: "hint" }, sentence(error)));
    }
  }

  draw(rows) {
    const items = rows.map((row) => this.row(row));
    byId("conversations").replaceChildren(...(items.length ? items : [el("li", { class: "hint" }, gettext("Your conversations will be listed here."))]));
  }

  row({ id, title }) {
    const here = id === this.here();
    const item = el("li", { "data-here": here });
    const link = el("a", { href: `/c/${id}/`, title, "aria-current": here ? "page" : null }, title);
    const remove = el("button", { type: "button", "aria-label": gettext("Delete %(title)s", { title }), title: gettext("Delete"), onclick: () => this.confirm(item, id) }, "×");
    item.append(link, remove);
    return item;
  }

  /** Confirm in place, in the row itself. */
  confirm(item, id) {
    const cancel = el("button", { type: "button", onclick: () => this.load() }, gettext("Cancel"));
    const drop = el("button", { type: "button", class: "danger", onclick: () => this.remove(id) }, gettext("Delete"));
    item.replaceChildren(el("div", { class: "sure" }, el("span", {}, gettext("Delete with its photos?")), drop, cancel));
    drop.focus();
  }

  async remove(id) {
    try {
      await call("DELETE", `/api/v1/conversations/${id}`);
      write(draftKey(id), null);
      if (id === this.here()) location.assign("/");
      else await this.load();
    } catch (error) {
      byId("conversations").prepend(el("li", { class: "note error" }, sentence(error)));
    }
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
