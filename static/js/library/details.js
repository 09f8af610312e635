/** One photo, large, with everything that is known about it. */

import { call } from "../api.js";
import { byId, el, sentence } from "../dom.js";
import * as format from "../format.js";
import { gettext, ngettext } from "../i18n.js";
import { time } from "../times.js";

export class Details {
  /**
   * @param {import("./grid.js").Grid} grid @param {import("./albums.js").Albums} albums
   * @param {{ask: (ids: string[]) => void, favourite: (ids: string[], on: boolean) => Promise<void>, remove: (ids: string[]) => Promise<void>, alike: ?((id: string) => void)}} actions
   *   `alike`: null where photos are not searched
   */
  constructor(grid, albums, actions) {
    this.grid = grid;
    this.albums = albums;
    this.actions = actions;
    this.dialog = byId("details");
    this.place = 0;
    this.dialog.addEventListener("keydown", (event) => this.key(event));
    this.dialog.addEventListener("close", () => grid.store.total && grid.moveTo(this.place));
    this.dialog.addEventListener("click", (event) => event.target === this.dialog && this.dialog.close());
  }

  /** @param {number} place */
  async open(place) {
    const [photo] = await this.grid.store.range(place, place + 1);
    if (!photo) return;
    this.place = place;
    this.draw(photo, null);
    if (!this.dialog.open) this.dialog.showModal();
    await this.read(photo);
  }

  async read(photo) {
    try {
      const known = await call("GET", `/api/v1/library/photos/${photo.id}`);
      if (this.id === photo.id) this.draw({ ...photo, favourite: known.favourite }, known);
    } catch (error) {
      if (this.id === photo.id) byId("details-facts").replaceChildren(el("p", { class: "note error", role: "alert" }, sentence(error)));
    }
  }

  draw(photo, known) {
    this.id = photo.id;
    const button = (text, onclick, kind = "") => el("button", { type: "button", class: kind, onclick }, text);
    const step = (text, by, sign) => el("button", { type: "button", class: "ghost", "aria-label": text, title: text, disabled: !this.within(by), onclick: () => this.open(this.place + by) }, sign);
    const act = (change) => () => change().then(() => this.read(photo), (error) => byId("details-facts").prepend(el("p", { class: "note error", role: "alert" }, sentence(error))));
    const [before, behind] = this.grid.store.neighbours();
    const had = document.activeElement?.closest("#details button")?.textContent;
    this.dialog.replaceChildren(
      el("img", { src: photo.on_server ? photo.url : `${photo.url}?small=1`, alt: gettext("The photo, large"), width: photo.width, height: photo.height }),
      el("div", { class: "stack about" },
        el("h2", { id: "details-title", class: "title" }, time(photo.created)),
        el("div", { class: "row" },
          button(gettext("Ask about this photo"), () => this.actions.ask([photo.id]), "primary"),
          el("button", { type: "button", "aria-pressed": String(photo.favourite), onclick: act(() => this.actions.favourite([photo.id], !photo.favourite)) }, `${photo.favourite ? "♥" : "♡"} ${gettext("Favourite")}`),
          this.actions.alike && button(gettext("More like this"), () => this.alike(photo)),
          button(gettext("Delete"), () => this.remove(photo), "danger")),
        el("div", { id: "details-facts", class: "stack", "aria-live": "polite" }, known ? this.facts(photo, known, act) : el("p", { class: "hint" }, gettext("Reading…"))),
        el("div", { class: "buttons" }, step(before, -1, "‹"), step(behind, 1, "›"), button(gettext("Close"), () => this.dialog.close()))));
    if (had) [...this.dialog.querySelectorAll("button")].find((other) => other.textContent?.slice(1) === had.slice(1))?.focus();
  }

  facts(photo, known, act) {
    const where = [known.on_server && gettext("this server"), ...known.devices].filter(Boolean).join(", ");
    const pair = (name, ...value) => el("div", {}, el("dt", {}, name), el("dd", {}, ...value));
    const box = (album) => el("label", {}, el("input", { type: "checkbox", checked: known.albums.includes(album.id), onchange: (event) => {
      const ids = [photo.id], put = event.target.checked;
      act(() => this.albums.change(album.id, put ? ids : [], put ? [] : ids))();
    } }), ` ${album.name}`);
    return [
      !known.on_server && el("p", { class: "note" }, gettext("Only %(device)s has this photo; here is what this server may show of it.", { device: known.devices[0] ?? "?" })),
      known.notes.length > 0 && el("p", { class: "note" }, known.notes.join(" ")),
      known.expires && el("p", { class: "note" }, gettext("Nobody asked about it: it is deleted at"), " ", time(known.expires), " ",
        el("button", { type: "button", class: "small", onclick: act(() => call("POST", "/api/v1/library/keep", { photos: [photo.id] })) }, gettext("Keep it"))),
      el("dl", { class: "pairs" },
        pair(gettext("size"), `${known.width} × ${known.height} · ${format.bytes(known.bytes)}`),
        pair(gettext("held by"), where),
        known.taken && pair(gettext("taken by"), `${known.taken.camera} · ${known.taken.device}`, " · ", time(known.taken.at, "second")),
        known.file && pair(gettext("file"), gettext("%(name)s in %(folder)s", known.file))),
      el("h3", {}, gettext("Conversations about it")),
      known.conversations.length
        ? el("ul", {}, known.conversations.map(({ id, title, questions }) => el("li", {}, el("a", { href: `/c/${id}/` }, title), " ", el("span", { class: "hint" }, ngettext("%(count)s question", "%(count)s questions", questions)))))
        : el("p", { class: "hint" }, gettext("None yet.")),
      this.albums.items.length > 0 && el("fieldset", {}, el("legend", {}, gettext("Albums")), this.albums.items.map(box)),
    ];
  }

  within(by) {
    return this.place + by >= 0 && this.place + by < this.grid.store.total;
  }

  alike(photo) {
    this.dialog.addEventListener("close", () => this.actions.alike?.(photo.id), { once: true }); // after the grid has the focus again
    this.dialog.close();
  }

  async remove(photo) {
    this.dialog.close();
    await this.actions.remove([photo.id]);
  }

  key(event) {
    if (event.target instanceof HTMLInputElement) return;
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (by && this.within(by)) this.open(this.place + by);
    if (event.key.toLowerCase() === "f") this.dialog.querySelector("[aria-pressed]")?.click();
  }
}
