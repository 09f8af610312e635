/** Deleting with a minute to undo it: also after a reload, as the server knows what is hidden. */

import { call } from "../api.js";
import { now, onTick } from "../clock.js";
import { byId, el } from "../dom.js";
import { gettext, ngettext } from "../i18n.js";
import { inParts } from "./parts.js";

export class Deletion {
  /** @param {number} mostAtOnce @param {{onDeleted: (ids: string[]) => void, onRestored: () => Promise<void>, onError: (error: any) => void}} hooks */
  constructor(mostAtOnce, hooks) {
    this.mostAtOnce = mostAtOnce;
    this.hooks = hooks;
    /** @type {string[]} */
    this.photos = [];
    this.until = 0;
    this.seconds = el("span", { class: "hint", "aria-hidden": "true" });
    onTick(() => this.tick());
  }

  /** @param {?{photos: string[], until: string}} deleted what was hidden before the page was loaded */
  resume(deleted) {
    if (deleted) this.add(deleted);
  }

  /** @param {string[]} ids @returns {Promise<string[]>} those that cannot be deleted now */
  async delete(ids) {
    const busy = [];
    for (const part of inParts(ids, this.mostAtOnce)) {
      const answer = await call("POST", "/api/v1/library/delete", { photos: part });
      busy.push(...answer.busy);
      this.add(answer);
      this.hooks.onDeleted(part.filter((id) => !answer.busy.includes(id)));
    }
    return busy;
  }

  add({ photos, until }) {
    if (!photos.length) return;
    this.photos.push(...photos);
    this.until = Date.parse(until);
    const text = ngettext("%(count)s photo deleted.", "%(count)s photos deleted.", this.photos.length);
    byId("undo").replaceChildren(el("span", {}, text), el("button", { type: "button", class: "small", onclick: () => this.undo() }, gettext("Undo")), this.seconds);
    byId("undo").hidden = false;
    this.tick();
  }

  tick() {
    if (!this.photos.length) return;
    const left = Math.ceil((this.until - now()) / 1000);
    this.seconds.textContent = `${Math.max(left, 0)} s`;
    if (left <= 0) this.close();
  }

  close() {
    this.photos = [];
    byId("undo").hidden = true;
  }

  async undo() {
    const photos = this.photos;
    try {
      const restored = [];
      for (const part of inParts(photos, this.mostAtOnce)) restored.push(...(await call("POST", "/api/v1/library/restore", { photos: part })).photos);
      this.close();
      await this.hooks.onRestored();
      byId("announcer").textContent = ngettext("%(count)s photo is there again.", "%(count)s photos are there again.", restored.length);
    } catch (error) {
      this.hooks.onError(error);
    }
  }
}
