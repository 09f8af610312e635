/** The bar about the photos that are chosen: how many, and what to do with them. */

import { byId, el } from "../dom.js";
import { gettext, ngettext } from "../i18n.js";

export class ChosenBar {
  /**
   * @param {import("./selection.js").Selection} selection @param {import("./albums.js").Albums} albums
   * @param {{ask: () => void, favourite: (on: boolean) => void, addTo: (album: string) => void, takeOut: () => void, remove: () => void}} actions
   * @param {() => string} album the one that is shown, or ""
   */
  constructor(selection, albums, actions, album) {
    this.selection = selection;
    this.albums = albums;
    this.actions = actions;
    this.album = album;
    this.bar = byId("selection");
  }

  draw() {
    const { size } = this.selection, { actions } = this;
    if (!size) this.bar.replaceChildren();
    this.bar.hidden = !size;
    if (!size) return;
    const button = (text, onclick, kind = "small") => el("button", { type: "button", class: kind, onclick }, text);
    const into = el("select", { "aria-label": gettext("Add to an album"), onchange: () => into.value && actions.addTo(into.value) },
      el("option", { value: "" }, gettext("Add to an album…")), this.albums.items.map(({ id, name }) => el("option", { value: id }, name)),
      el("option", { value: "new" }, gettext("A new album…")));
    this.bar.replaceChildren(...[
      el("b", { role: "status" }, ngettext("%(count)s photo chosen", "%(count)s photos chosen", size)),
      button(size === 1 ? gettext("Ask about this photo") : gettext("Ask about these photos"), actions.ask, "small primary"),
      button(gettext("Favourite"), () => actions.favourite(true)),
      button(gettext("No favourite"), () => actions.favourite(false)),
      into,
      this.album() && button(gettext("Take out of this album"), actions.takeOut),
      button(gettext("Delete"), actions.remove, "small danger"),
      button(gettext("Choose none"), () => this.selection.clear()),
    ].filter((part) => part instanceof Node));
  }
}
