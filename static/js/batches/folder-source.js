/** The photos of a new batch, where they are in a folder of a device. */

import { call } from "../api.js";
import { byId, el, sentence } from "../dom.js";
import * as format from "../format.js";
import { gettext, ngettext } from "../i18n.js";
import { midnight, timeWords } from "../times.js";

/** @typedef {{photos: number, unnamed: number, bytes: ?number, newest: ?string, oldest: ?string}} Facts */

export class FolderSource {
  /** @param {{device: string, folder: string}[]} folders @param {number} most photos of a batch @param {() => void} onChange */
  constructor(folders, most, onChange) {
    this.folders = folders;
    this.most = most;
    this.onChange = onChange;
    this.count = 0;
    this.asked = 0; // answers of the device to an earlier choice are late
    byId("places").hidden = !folders.length;
    byId("place").append(...folders.map(({ device, folder }, at) => el("option", { value: String(at) }, gettext("all in %(folder)s on %(device)s", { folder, device }))));
    for (const id of ["place", "folder-since", "folder-until"]) byId(id).addEventListener("change", () => this.show());
  }

  /** @returns {{device: string, folder: string} | undefined} */
  get place() {
    return byId("place").value ? this.folders[Number(byId("place").value)] : undefined;
  }

  get active() {
    return this.place !== undefined;
  }

  /** Days begin where the viewer is. @returns {Record<string, string>} */
  bounds() {
    const since = midnight(byId("folder-since").value, 0), until = midnight(byId("folder-until").value, 1);
    return { ...(since && { since }), ...(until && { until }) };
  }

  /** What a new batch sends to have these photos. */
  body() {
    return { folder: { ...this.place, ...this.bounds() } };
  }

  async show() {
    const { place } = this, asked = (this.asked += 1);
    byId("from-folder").hidden = !place;
    byId("chooser").hidden = place !== undefined;
    this.count = 0;
    byId("folder-facts").className = "hint";
    byId("folder-facts").textContent = place ? gettext("Asking %(device)s…", place) : "";
    this.onChange();
    if (!place) return;
    let words = "", failed = false;
    try {
      const facts = await call("GET", `/api/v1/batches/folders/${encodeURIComponent(place.device)}/${encodeURIComponent(place.folder)}?${new URLSearchParams(this.bounds())}`);
      if (asked !== this.asked) return;
      this.count = facts.photos;
      failed = facts.photos > this.most;
      words = failed ? gettext("%(count)s photos; a batch has at most %(limit)s. Choose fewer days, and make several batches.", { count: format.count(facts.photos), limit: format.count(this.most) }) : factWords(facts);
    } catch (error) {
      if (asked !== this.asked) return;
      words = sentence(error);
      failed = true;
    }
    byId("folder-facts").className = failed ? "note error" : "hint";
    byId("folder-facts").textContent = words;
    this.onChange();
  }
}

/** @param {Facts} facts */
function factWords({ photos, unnamed, bytes, newest, oldest }) {
  const parts = [photos ? ngettext("%(count)s photo", "%(count)s photos", photos, { count: format.count(photos) }) : gettext("no photos")];
  if (bytes !== null) parts.push(format.bytes(bytes));
  if (newest && oldest) parts.push(gettext("from %(day)s", { day: timeWords(oldest, "day") }), gettext("to %(day)s", { day: timeWords(newest, "day") }));
  if (unnamed) parts.push(ngettext("%(count)s file is left out, as its name is no text", "%(count)s files are left out, as their names are no text", unnamed));
  return parts.join(" · ");
}
