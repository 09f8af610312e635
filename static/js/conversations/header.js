/** What stands above a conversation: its title, and what can be done with it. The title of the browser's tab follows. */

import { call } from "../api.js";
import { byId, el, sentence } from "../dom.js";
import { gettext } from "../i18n.js";
import { icon } from "./icons.js";
import { renameForm } from "./rename.js";
import { ShareDialog } from "./share.js";

/** @typedef {{id: string, title: string, pinned: boolean}} Row */

export class Header {
  /** @param {number} titleChars @param {number[]} linkDays how long a link may be valid, the usual one second @param {(row: Row) => void} onChange */
  constructor(titleChars, linkDays, onChange) {
    this.titleChars = titleChars;
    this.onChange = onChange;
    /** @type {?Row} */
    this.row = null;
    this.renaming = false;
    this.share = new ShareDialog(byId("share"), linkDays);
    byId("rename").prepend(icon("rename"));
    byId("pin").prepend(icon("pin"));
    byId("rename").addEventListener("click", () => this.rename());
    byId("pin").addEventListener("click", () => this.pin());
    byId("share-open").addEventListener("click", () => this.row && this.share.open(this.row.id));
  }

  /** @param {Row} row */
  show(row) {
    this.row = row;
    byId("conversation").hidden = false;
    document.title = `${row.title} · Isthmus`;
    byId("photos-of-it").href = `/library/?conversation=${row.id}`;
    byId("export").href = `/api/v1/conversations/${row.id}/export`;
    byId("pin").setAttribute("aria-pressed", String(row.pinned));
    if (!this.renaming) byId("title").replaceChildren(row.title);
  }

  rename() {
    if (!this.row || this.renaming) return;
    this.renaming = true;
    byId("title").replaceChildren(renameForm(this.row, this.titleChars, (row) => {
      this.renaming = false;
      this.changed(row ?? this.row);
      byId("rename").focus();
    }));
  }

  async pin() {
    if (!this.row) return;
    try {
      this.changed(await call("PATCH", `/api/v1/conversations/${this.row.id}`, { pinned: !this.row.pinned }));
    } catch (error) {
      this.fail(error);
    }
  }

  changed(row) {
    this.fail(null);
    this.show(row);
    this.onChange(row);
  }

  fail(error) {
    byId("conversation-error").hidden = !error;
    byId("conversation-error").textContent = error ? sentence(error) : "";
  }
}

/** A pin beside the title of a row; said to who cannot see it. */
export const pinned = () => el("span", { class: "pinned" }, icon("pin"), el("span", { class: "visually-hidden" }, gettext("pinned")));
