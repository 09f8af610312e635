/** The filter bar: what is chosen there, in the address of the page, so that a reload and a link show the same. */

import { byId, el } from "../dom.js";
import { gettext } from "../i18n.js";
import { midnight } from "../times.js";

const BOXES = ["favourites", "unasked"], FIELDS = ["album", "device", "since", "until", "conversation"];

export class FilterBar {
  /** @param {string[]} devices @param {?{id: string, title: string}} conversation the one that the address names @param {() => void} onChange */
  constructor(devices, conversation, onChange) {
    this.onChange = onChange;
    this.conversation = conversation;
    byId("device").append(...devices.map((slug) => el("option", { value: slug }, slug)));
    for (const name of [...BOXES, ...FIELDS]) byId(name).addEventListener("change", () => this.changed());
    byId("conversation-clear").addEventListener("click", () => {
      byId("conversation").value = "";
      this.changed();
    });
    for (const id of ["clear", "clear-none"]) byId(id).addEventListener("click", () => this.clear());
  }

  /** What the address says. */
  restore() {
    const query = new URLSearchParams(location.search);
    for (const name of BOXES) byId(name).checked = query.has(name);
    for (const name of FIELDS) byId(name).value = query.get(name) ?? "";
    this.show();
  }

  /** @param {{id: string, name: string, photos: number}[]} albums */
  setAlbums(albums) {
    const chosen = byId("album").value, [all] = byId("album").options;
    byId("album").replaceChildren(all, ...albums.map(({ id, name, photos }) => el("option", { value: id }, `${name} (${photos})`)));
    byId("album").value = albums.some(({ id }) => id === chosen) ? chosen : "";
  }

  get active() {
    return BOXES.some((name) => byId(name).checked) || FIELDS.some((name) => byId(name).value);
  }

  /** As the API takes them: days begin where the viewer is. @returns {Record<string, string>} */
  query() {
    const query = {};
    for (const name of BOXES) if (byId(name).checked) query[name] = "true";
    for (const name of ["album", "device", "conversation"]) if (byId(name).value) query[name] = byId(name).value;
    const since = midnight(byId("since").value, 0), until = midnight(byId("until").value, 1);
    return { ...query, ...(since && { since }), ...(until && { until }) };
  }

  clear() {
    for (const name of BOXES) byId(name).checked = false;
    for (const name of FIELDS) byId(name).value = "";
    this.changed();
  }

  changed() {
    this.show();
    const query = new URLSearchParams(location.search); // the search stays
    for (const name of [...BOXES, ...FIELDS]) query.delete(name);
    for (const name of BOXES) if (byId(name).checked) query.set(name, "1");
    for (const name of FIELDS) if (byId(name).value) query.set(name, byId(name).value);
    history.replaceState(null, "", query.size ? `?${query}` : location.pathname);
    this.onChange();
  }

  show() {
    byId("clear").hidden = !this.active;
    const { conversation } = this, id = byId("conversation").value;
    byId("of-conversation").hidden = !id;
    byId("conversation-title").textContent = conversation && conversation.id === id ? gettext("Photos of “%(title)s”", { title: conversation.title }) : gettext("Photos of a conversation");
    byId("conversation-title").setAttribute("href", `/c/${id}/`);
  }
}
