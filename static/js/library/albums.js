/** The albums: their dialog, in which they are created, renamed and deleted, and what goes into them. */

import { call } from "../api.js";
import { byId, el, sentence } from "../dom.js";
import { gettext, ngettext } from "../i18n.js";
import { inParts } from "./parts.js";

const PATH = "/api/v1/library/albums";

export class Albums {
  /** @param {{id: string, name: string, photos: number}[]} items @param {number} mostAtOnce @param {() => void} onChange */
  constructor(items, mostAtOnce, onChange) {
    this.items = items;
    this.mostAtOnce = mostAtOnce;
    this.onChange = onChange;
    this.dialog = byId("albums-dialog");
    byId("albums-open").addEventListener("click", () => this.open());
  }

  async reload() {
    this.items = (await call("GET", PATH)).items;
    this.onChange();
  }

  /** @param {string} name @returns {Promise<string>} its id */
  async create(name) {
    const album = await call("POST", PATH, { name });
    await this.reload();
    return album.id;
  }

  /** @param {string} album @param {string[]} add @param {string[]} [remove] */
  async change(album, add, remove = []) {
    for (const part of inParts(add, this.mostAtOnce)) await call("POST", `${PATH}/${album}/photos`, { add: part });
    for (const part of inParts(remove, this.mostAtOnce)) await call("POST", `${PATH}/${album}/photos`, { remove: part });
    await this.reload();
  }

  open() {
    this.draw();
    this.dialog.showModal();
  }

  /** @param {any} [error] */
  draw(error) {
    const name = el("input", { id: "album-name", maxlength: "80", autocomplete: "off" });
    const form = el("form", { class: "row", onsubmit: (event) => this.act(event, () => this.create(name.value)) },
      el("label", { class: "visually-hidden", for: "album-name" }, gettext("Name of the new album")), name, el("button", {}, gettext("Create")));
    this.dialog.replaceChildren(el("div", { class: "stack" },
      el("h2", { id: "albums-title", class: "title" }, gettext("Albums")),
      error && el("p", { class: "note error", role: "alert" }, sentence(error)),
      this.items.length ? el("ul", { class: "albums" }, this.items.map((album) => this.row(album))) : el("p", { class: "empty" }, gettext("There is no album yet. Name one, then choose photos and add them to it.")),
      form,
      el("div", { class: "buttons" }, el("button", { type: "button", onclick: () => this.dialog.close() }, gettext("Close")))));
    if (this.dialog.open) name.focus();
  }

  row(album) {
    const name = el("input", { value: album.name, maxlength: "80", "aria-label": gettext("Name of the album") });
    const remove = el("button", { type: "button", class: "small danger", onclick: () => confirm() }, gettext("Delete"));
    const item = el("li", {}, el("form", { class: "row", onsubmit: (event) => this.act(event, () => this.rename(album, name.value)) }, name,
      el("span", { class: "hint" }, ngettext("%(count)s photo", "%(count)s photos", album.photos)), el("button", { class: "small" }, gettext("Rename")), remove));
    const confirm = () => {
      const drop = el("button", { type: "button", class: "small danger", onclick: (event) => this.act(event, () => this.remove(album)) }, gettext("Delete"));
      item.replaceChildren(el("div", { class: "row" }, el("span", {}, gettext("Delete “%(name)s”? Its photos stay.", { name: album.name })), drop,
        el("button", { type: "button", class: "small", onclick: () => this.draw() }, gettext("Cancel"))));
      drop.focus();
    };
    return item;
  }

  async rename(album, name) {
    await call("PATCH", `${PATH}/${album.id}`, { name });
    await this.reload();
  }

  async remove(album) {
    await call("DELETE", `${PATH}/${album.id}`);
    await this.reload();
  }

  /** @param {Event} event @param {() => Promise<any>} change */
  async act(event, change) {
    event.preventDefault();
    try {
      await change();
      this.draw();
    } catch (error) {
      this.draw(error);
    }
  }
}
