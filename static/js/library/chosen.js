/** The bar about the photos that are chosen: how many, and what to do with them. */

import { byId, el } from "../dom.js";
import { gettext, ngettext } from "../i18n.js";
import { count } from "../format.js";

export class ChosenBar {
  /**
   * @param {import("./selection.js").Selection} selection @param {import("./albums.js").Albums} albums
   * @param {{ask: () => void, askEach: () => void, selectAll: () => void, favourite: (on: boolean) => void, addTo: (album: string) => void, takeOut: () => void, remove: () => void}} actions
   * @param {() => string} album the one that is shown, or "" @param {number} mostInChat photos that one question of the chat may be about
   */
  constructor(selection, albums, actions, album, mostInChat) {
    this.selection = selection;
    this.albums = albums;
    this.actions = actions;
    this.album = album;
    this.mostInChat = mostInChat;
    this.bar = byId("selection");
  }

  draw() {
    const { size } = this.selection, { actions } = this;
    if (!size) this.bar.replaceChildren();
    this.bar.hidden = !size;
    if (!size) return;
    const button = (text, onclick, kind = "small", title = "") => el("button", { type: "button", class: kind, onclick, title: title || null }, text);
    const inChat = size <= this.mostInChat, forEach = gettext("One question, which is answered for each photo: a batch");
    const into = el("select", { "aria-label": gettext("Add to an album"), onchange: () => into.value && actions.addTo(into.value) },
      el("option", { value: "" }, gettext("Add to an album…")), this.albums.items.map(({ id, name }) => el("option", { value: id }, name)),
      el("option", { value: "new" }, gettext("A new album…")));
    this.bar.replaceChildren(...[
      el("b", { role: "status" }, ngettext("%(count)s photo chosen", "%(count)s photos chosen", size, { count: count(size) })),
      inChat && button(size === 1 ? gettext("Ask about this photo") : gettext("Ask about these photos"), actions.ask, "small primary"),
      size > 1 && button(gettext("Ask about all of these"), actions.askEach, inChat ? "small" : "small primary", forEach),
      button(gettext("Favourite"), () => actions.favourite(true)),
      button(gettext("No favourite"), () => actions.favourite(false)),
      into,
      this.album() && button(gettext("Take out of this album"), actions.takeOut),
      button(gettext("Delete"), actions.remove, "small danger"),
      button(gettext("Select all"), actions.selectAll),
      button(gettext("Choose none"), () => this.selection.clear()),
    ].filter((part) => part instanceof Node));
  }
}
