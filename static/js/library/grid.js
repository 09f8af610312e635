/** The grid: the rows near the window are in the document, the others are only heights. */

import { byId, el } from "../dom.js";
import { LANGUAGE, gettext } from "../i18n.js";
import { timeWords } from "../times.js";
import { HEADING, lay, positionOf, rowsBetween } from "./layout.js";

const AROUND = 900; // pixels above and below the window
const CAPTION = 24; // pixels below a square, as library.css has them
const DAY = new Intl.DateTimeFormat(LANGUAGE, { weekday: "short", day: "numeric", month: "long", year: "numeric" });

export class Grid {
  /**
   * @param {import("./store.js").PhotoStore | import("./found-photos.js").FoundPhotos} store @param {import("./selection.js").Selection} selection
   * @param {(photo: import("./store.js").Photo) => void} onHeart
   */
  constructor(store, selection, onHeart) {
    this.store = store;
    this.selection = selection;
    this.onHeart = onHeart;
    this.element = byId("grid");
    /** @type {Map<string, {element: HTMLElement, signature: string}>} */
    this.rows = new Map();
    this.focus = 0; // the place that Tab leads to
    this.layout = lay([], 0);
    addEventListener("scroll", () => this.soon(), { passive: true });
    new ResizeObserver(() => this.arrange()).observe(this.element);
  }

  /** @param {import("./store.js").PhotoStore | import("./found-photos.js").FoundPhotos} store */
  use(store) {
    if (store === this.store) return;
    this.store = store;
    this.clear();
  }

  clear() {
    this.focus = 0;
    for (const { element } of this.rows.values()) element.remove();
    this.rows.clear();
  }

  /** After photos came, went or changed: what is in the middle of the window stays there. */
  arrange() {
    if (!this.element.clientWidth) return;
    this.layout = lay(this.store.sections(), this.element.clientWidth, this.store.caption(0) === null ? 0 : CAPTION);
    this.element.style.height = `${this.layout.height}px`;
    this.element.setAttribute("aria-rowcount", String(this.layout.rows));
    this.focus = Math.min(this.focus, Math.max(0, this.store.total - 1));
    this.draw();
  }

  soon() {
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.draw();
    });
  }

  draw() {
    const top = -this.element.getBoundingClientRect().top;
    const shown = this.store.total ? rowsBetween(this.layout, top - AROUND, top + innerHeight + AROUND) : [];
    const places = shown.filter(({ row }) => row >= 0).map(({ day, row }) => day.start + row * this.layout.columns);
    const focused = this.store.total ? positionOf(this.layout, this.focus) : null; // its row stays, so that the focus does
    if (focused && !shown.some(({ day, row }) => day === focused.day && row === focused.row)) shown.push(focused);
    const keys = new Set(), had = document.activeElement instanceof HTMLElement && this.element.contains(document.activeElement);
    for (const { day, row } of shown) {
      const key = `${day.day}:${row}`;
      keys.add(key);
      this.place(key, day, row);
    }
    for (const [key, { element }] of this.rows) {
      if (keys.has(key)) continue;
      element.remove();
      this.rows.delete(key);
    }
    for (const cell of this.element.querySelectorAll("[data-place]")) cell.setAttribute("tabindex", cell.getAttribute("data-place") === String(this.focus) ? "0" : "-1");
    if (had && !this.element.contains(document.activeElement)) this.focusCell();
    if (places.length) this.store.want(Math.min(...places), Math.max(...places) + this.layout.columns);
  }

  place(key, day, row) {
    const places = row < 0 ? [] : Array.from({ length: Math.min(this.layout.columns, day.count - row * this.layout.columns) }, (_, n) => day.start + row * this.layout.columns + n);
    const signature = row < 0 ? `${day.title ?? ""}${day.count}` : places.map((place) => this.signature(place)).join();
    const y = day.top + (row < 0 ? 0 : HEADING + row * this.layout.step);
    const old = this.rows.get(key);
    const element = old?.signature === signature ? old.element : row < 0 ? heading(day) : this.row(places, old?.element);
    if (old && old.element !== element) old.element.replaceWith(element);
    else if (!old) this.element.append(element);
    element.style.transform = `translateY(${y}px)`;
    element.style.setProperty("--cell", `${this.layout.cell}px`);
    element.setAttribute("aria-rowindex", String(day.row + row + 2));
    this.rows.set(key, { element, signature });
  }

  signature(place) {
    const photo = this.store.at(place);
    return `${photo?.id ?? "-"}${photo?.favourite ? "f" : ""}${photo && this.selection.has(photo.id) ? "s" : ""}${place}${this.store.caption(place) ?? ""}`;
  }

  /** Pictures that the row has already are used again: a new one would blink. @param {number[]} places @param {HTMLElement} [old] */
  row(places, old) {
    const images = new Map([...old?.querySelectorAll("img") ?? []].map((image) => [image.dataset.photo, image]));
    return el("div", { class: "photos", role: "row" }, places.map((place) => this.cell(place, images)));
  }

  /** @param {number} place @param {Map<string | undefined, HTMLImageElement>} images */
  cell(place, images) {
    const photo = this.store.at(place);
    if (!photo) return el("div", { class: "cell", role: "gridcell", "data-place": place, "aria-label": gettext("This photo is being read.") });
    const chosen = this.selection.has(photo.id);
    const heart = el("button", {
      type: "button", class: "heart", tabindex: "-1", "aria-pressed": String(photo.favourite), "aria-label": gettext("Favourite"), title: gettext("Favourite"),
      onclick: (event) => {
        event.stopPropagation();
        this.onHeart(photo);
      },
    }, photo.favourite ? "♥" : "♡");
    const choose = el("button", { type: "button", class: "choose", tabindex: "-1", "aria-pressed": String(chosen), "aria-label": gettext("Choose"), title: gettext("Choose") }, chosen ? "✓" : "");
    const image = images.get(photo.id) ?? el("img", { src: `${photo.url}?small=1`, alt: "", loading: "lazy", decoding: "async", draggable: "false", "data-photo": photo.id });
    const caption = this.store.caption(place), detail = this.store.detail(place), name = [words(photo), detail].filter(Boolean).join(", ");
    return el("div", { class: caption === null ? "cell" : "cell captioned", role: "gridcell", "data-place": place, "aria-selected": String(chosen), "aria-label": name },
      image, choose, heart, !photo.on_server && el("span", { class: "where", title: gettext("only on %(device)s", { device: photo.devices[0] ?? "?" }) }, gettext("on %(device)s", { device: photo.devices[0] ?? "?" })), caption !== null && el("span", { class: "caption", title: detail }, caption));
  }

  /** @param {number} place @param {boolean} [scroll] */
  moveTo(place, scroll = true) {
    this.focus = Math.min(Math.max(place, 0), this.store.total - 1);
    if (scroll) this.reveal(this.focus);
    this.draw();
    this.focusCell();
  }

  focusCell() {
    const cell = this.element.querySelector(`[data-place="${this.focus}"]`);
    if (cell instanceof HTMLElement) cell.focus({ preventScroll: true });
  }

  reveal(place) {
    const { top } = positionOf(this.layout, place), y = top + this.element.getBoundingClientRect().top;
    const above = 120, below = innerHeight - this.layout.step - 24; // below the header and the bar of what is chosen
    if (y < above) scrollBy(0, y - above);
    else if (y > below) scrollBy(0, y - below);
  }
}

function heading({ day, title, count }) {
  return el("div", { class: "day", role: "row" }, el("div", { role: "rowheader" }, title ?? DAY.format(day), " ", el("span", { class: "hint" }, String(count))));
}

/** @param {import("./store.js").Photo} photo */
function words(photo) {
  const parts = [gettext("Photo of %(time)s", { time: timeWords(photo.created) })];
  if (photo.favourite) parts.push(gettext("favourite"));
  if (!photo.on_server) parts.push(gettext("only on %(device)s", { device: photo.devices[0] ?? "?" }));
  return parts.join(", ");
}
