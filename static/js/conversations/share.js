/** The dialog with the links to a conversation: create, copy, withdraw. */

import { call } from "../api.js";
import { copyButton } from "../copy.js";
import { el, sentence } from "../dom.js";
import { gettext, ngettext, withElements } from "../i18n.js";
import { time } from "../times.js";

export class ShareDialog {
  /** @param {HTMLDialogElement} dialog @param {number[]} days to choose from; the second is the usual one */
  constructor(dialog, days) {
    this.dialog = dialog;
    this.path = "";
    this.days = el("select", { id: "share-days" }, days.map((count, index) => el("option", { value: count, selected: index === 1 }, ngettext("%(count)s day", "%(count)s days", count))));
    this.fresh = el("div", { class: "fresh-link", role: "status" });
    this.links = el("ul", { class: "links" });
    this.wrong = el("p", { class: "note error", role: "alert", hidden: true });
    const create = el("form", { class: "row", onsubmit: (event) => this.create(event) }, el("label", { for: "share-days" }, gettext("Valid for")), this.days, el("button", { type: "submit", class: "primary" }, gettext("Create link")));
    dialog.replaceChildren(el("div", { class: "stack" },
      el("h2", { id: "share-title", class: "title" }, gettext("Share this conversation")),
      el("p", { class: "hint" }, gettext("Whoever is logged in here and has the link can read this conversation and its photos, also what is asked in it later, until the link expires. They cannot change anything.")),
      create, this.wrong, this.fresh, this.links,
      el("div", { class: "buttons" }, el("button", { type: "button", onclick: () => dialog.close() }, gettext("Done")))));
  }

  /** @param {string} conversation */
  async open(conversation) {
    this.path = `/api/v1/conversations/${conversation}/links`;
    this.fresh.replaceChildren();
    this.links.replaceChildren();
    this.fail(null);
    this.dialog.showModal();
    await this.load();
  }

  async load() {
    await this.attempt(async () => {
      const { items } = await call("GET", this.path);
      this.links.replaceChildren(...(items.length ? items.map((link) => this.row(link)) : [el("li", { class: "hint" }, gettext("No link leads here now."))]));
    });
  }

  async create(event) {
    event.preventDefault();
    await this.attempt(async () => {
      const link = await call("POST", this.path, { days: Number(this.days.value) });
      const field = el("input", { type: "text", readonly: true, value: link.url, "aria-label": gettext("The new link"), onfocus: ({ currentTarget }) => currentTarget.select() });
      this.fresh.replaceChildren(el("p", {}, gettext("The link is shown once. Copy it now.")), el("div", { class: "row" }, field, copyButton(link.url, gettext("Copy the link"))));
      await this.load();
    });
  }

  row(link) {
    const withdraw = () => this.attempt(async () => {
      await call("DELETE", `${this.path}/${link.id}`);
      this.fresh.replaceChildren();
      await this.load();
    });
    const words = withElements(gettext("created %(created)s, valid until %(expires)s"), { created: time(link.created), expires: time(link.expires) });
    return el("li", {}, el("span", { class: "hint" }, words), el("button", { type: "button", class: "small danger", onclick: withdraw }, gettext("Withdraw")));
  }

  async attempt(work) {
    try {
      await work();
      this.fail(null);
    } catch (error) {
      this.fail(error);
    }
  }

  fail(error) {
    this.wrong.hidden = !error;
    this.wrong.textContent = error ? sentence(error) : "";
  }
}
