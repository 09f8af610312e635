/** The page of the library. */

import { call } from "../api.js";
import { boot, byId, sentence } from "../dom.js";
import { count as digits } from "../format.js";
import { gettext, ngettext } from "../i18n.js";
import { Albums } from "./albums.js";
import { AllOfThese } from "./all-of-these.js";
import { ChosenBar } from "./chosen.js";
import { Deletion } from "./deletion.js";
import { Details } from "./details.js";
import { FilterBar } from "./filters.js";
import { Grid } from "./grid.js";
import { hand } from "./handover.js";
import { inParts } from "./parts.js";
import { PointerAndKeys } from "./pointer-and-keys.js";
import { Search } from "./search.js";
import { Selection } from "./selection.js";
import { PhotoStore } from "./store.js";
import { UploadPanel } from "./upload-panel.js";

class Library {
  constructor(start) {
    this.start = start;
    const onError = (error) => this.fail(error);
    this.store = new PhotoStore({ onChange: () => this.show(), onError });
    this.selection = new Selection(this.store, () => this.chosen());
    this.grid = new Grid(this.store, this.selection, (photo) => this.favourite([photo.id], !photo.favourite).catch(onError));
    this.albums = new Albums(start.albums, start.most_at_once, () => this.albumsChanged());
    this.filters = new FilterBar(start.devices, start.conversation, () => this.filter());
    this.search = new Search(start.search, {
      filters: () => this.filters.query(),
      onStart: () => this.searchStarted(),
      onChange: () => this.show(),
      onError,
      enterGrid: () => this.grid.moveTo(this.grid.focus),
    });
    this.deletion = new Deletion(start.most_at_once, {
      onDeleted: (ids) => this.deleted(ids),
      onRestored: () => this.restored(),
      onError,
    });
    this.details = new Details(this.grid, this.albums, {
      ask: (ids) => this.ask(ids),
      favourite: (ids, on) => this.favourite(ids, on),
      remove: (ids) => this.remove(ids),
      alike: start.search ? (id) => this.search.alike(id) : null,
    });
    this.bar = new ChosenBar(this.selection, this.albums, {
      ask: () => this.ask([...this.selection.ids]),
      askEach: () => this.askEach(),
      selectAll: () => this.selectAll().catch(onError),
      favourite: (on) => this.favourite([...this.selection.ids], on).catch(onError),
      addTo: (album) => this.addTo(album).catch(onError),
      takeOut: () => this.takeOut().catch(onError),
      remove: () => this.remove([...this.selection.ids]),
    }, () => this.store.filters.album ?? "", start.ask_at_once);
    this.all = new AllOfThese({ select: () => this.selectAll().catch(onError), ask: () => this.askAll() });
    new PointerAndKeys(this.grid, {
      open: (place) => this.details.open(place).catch(onError),
      favourite: (places) => this.favouritePlaces(places),
      remove: () => this.remove([...this.selection.ids]),
      leave: () => this.search.leave(),
    }, onError);
    new UploadPanel(start, () => this.reload(), onError);
    this.filters.setAlbums(start.albums);
    this.filters.restore();
    this.deletion.resume(start.deleted);
    if (!this.filters.active) this.store.seed(start.items);
    this.search.restore();
    this.show();
    this.reload(this.filters.query(), this.filters.active ? undefined : start.items);
  }

  /** @param {Record<string, string>} [filters] @param {any[]} [first] */
  async reload(filters = this.store.filters, first) {
    try {
      await this.store.load(filters, first);
      this.loaded = true;
      this.show();
    } catch (error) {
      this.fail(error);
    }
  }

  filter() {
    this.selection.clear();
    scrollTo(0, 0);
    if (this.search.active) this.search.run();
    this.reload(this.filters.query());
  }

  searchStarted() {
    this.selection.clear();
    this.grid.clear();
    scrollTo(0, 0);
  }

  /** What the grid shows: the library, or what a search found in it. */
  show() {
    const { search } = this, shown = search.active ? search.found : this.store;
    this.grid.use(shown);
    this.selection.store = shown;
    search.show();
    if (search.active) for (const id of ["empty", "none"]) byId(id).hidden = true;
    else this.showTotal();
    byId("total").hidden = search.active;
    byId("grid").hidden = shown.total === 0;
    byId("grid").setAttribute("aria-label", search.active ? gettext("Photos that were found") : gettext("Photos by day"));
    this.grid.arrange();
    this.showAll();
  }

  /** Whether the library has been counted. */
  get known() {
    return this.loaded || (!this.filters.active && !this.start.next);
  }

  showAll() {
    const { search } = this, total = search.active ? search.found.total : this.known && this.store.total;
    this.all.show(Boolean(total) && !this.selection.size, !search.active || search.found.fits);
  }

  showTotal() {
    const { total } = this.store, { active } = this.filters, { known } = this;
    byId("total").textContent = known && total ? ngettext("%(number)s photo", "%(number)s photos", total, { number: digits(total) }) : "";
    byId("empty").hidden = !known || total > 0 || active;
    byId("none").hidden = !known || total > 0 || !active;
  }

  async restored() {
    if (this.search.active) this.search.run();
    await this.reload();
  }

  chosen() {
    this.bar.draw();
    this.showAll();
    this.grid.draw();
  }

  albumsChanged() {
    this.filters.setAlbums(this.albums.items);
    this.bar.draw();
    if (this.store.filters.album && !byId("album").value) this.filters.changed();
  }

  /** @param {string[]} ids @param {boolean} on */
  async favourite(ids, on) {
    for (const part of inParts(ids, this.start.most_at_once)) await call("POST", "/api/v1/library/favourites", { photos: part, favourite: on });
    this.fail(null);
    for (const store of [this.store, this.search.found]) store.patch(new Set(ids), { favourite: on });
    byId("announcer").textContent = on ? gettext("Marked as favourite.") : gettext("No longer a favourite.");
  }

  favouritePlaces(places) {
    const photos = places.map((place) => this.grid.store.at(place)).filter(Boolean);
    if (photos.length) this.favourite(photos.map((photo) => photo.id), !photos[0].favourite).catch((error) => this.fail(error));
  }

  async addTo(album) {
    if (album === "new") {
      this.bar.draw();
      this.albums.open();
      return;
    }
    const ids = [...this.selection.ids];
    await this.albums.change(album, ids);
    byId("announcer").textContent = ngettext("%(count)s photo added to the album.", "%(count)s photos added to the album.", ids.length);
    this.selection.clear();
  }

  async takeOut() {
    const ids = [...this.selection.ids];
    await this.albums.change(this.store.filters.album, [], ids);
    this.selection.clear();
    this.removeRows(ids);
  }

  /** @param {string[]} ids */
  async remove(ids) {
    try {
      const busy = await this.deletion.delete(ids);
      this.fail(busy.length ? { message: ngettext("A question about %(count)s of the photos is being answered.", "Questions about %(count)s of the photos are being answered.", busy.length), next: gettext("Stop it first, or wait.") } : null);
    } catch (error) {
      this.fail(error);
    }
  }

  deleted(ids) {
    this.selection.drop(ids);
    this.removeRows(ids);
    if (this.grid.store.total && byId("grid").contains(document.activeElement)) this.grid.moveTo(this.grid.focus);
  }

  /** @param {string[]} ids */
  removeRows(ids) {
    for (const store of [this.store, this.search.found]) store.remove(new Set(ids));
  }

  /** @param {string[]} ids */
  ask(ids) {
    location.assign(`/?photos=${ids.join(",")}`);
  }

  /** One question about each of the chosen photos. */
  askEach() {
    const { size } = this.selection;
    if (this.tooMany(size)) return;
    hand([...this.selection.ids]);
    location.assign("/batches/?from=selection");
  }

  /** One question about each photo that the filters or the search show: the server reads again which these are. */
  askAll() {
    if (!this.search.active && this.tooMany(this.store.total)) return;
    location.assign(`/batches/?${new URLSearchParams({ from: "library", ...this.filters.query(), ...this.search.wish() })}`);
  }

  /** @param {number} count */
  tooMany(count) {
    const limit = this.start.most_photos, over = count > limit;
    if (over) this.fail({ message: gettext("These are %(count)s photos; a batch has at most %(limit)s.", { count: digits(count), limit: digits(limit) }), next: gettext("Filter them, for example by dates, or choose fewer.") });
    return over;
  }

  async selectAll() {
    const most = this.start.most_photos, { total } = this.grid.store;
    if (!await this.selection.all(most)) return;
    const { size } = this.selection;
    this.fail(total > most ? { message: gettext("Only the first %(most)s of %(total)s photos are chosen.", { most: digits(most), total: digits(total) }), next: gettext("No more can be chosen at once.") } : null);
    byId("announcer").textContent = ngettext("%(count)s photo chosen", "%(count)s photos chosen", size, { count: digits(size) });
  }

  /** @param {any} error null: none any more */
  fail(error) {
    byId("problem").hidden = !error;
    byId("problem").textContent = error ? sentence(error) : "";
  }
}

new Library(boot());
