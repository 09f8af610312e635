/** The answers of a batch: a page of rows from the server, sorted and filtered there, updated as items end. */

import { call } from "../api.js";
import { byId, dot, el, sentence } from "../dom.js";
import * as format from "../format.js";
import { gettext, ngettext } from "../i18n.js";
import { label, labels } from "../labels.js";
import { openReceipt } from "./receipt-dialog.js";
import { ITEM_STATES } from "./words.js";

const ROWS = 50;
const REFRESH_MS = 400; // several things happen at once: one request is enough
const SORTS = { number: gettext("order of the list"), answer: gettext("answer"), certainty: gettext("most certain"), uncertainty: gettext("least certain"), bytes: gettext("most bytes"), ms: gettext("longest time") };

export class AnswerTable {
  /** @param {string} batch its id @param {any[]} rebuild @param {(text: ?string) => void} note */
  constructor(batch, rebuild, note) {
    this.batch = batch;
    this.rebuild = rebuild;
    this.note = note;
    this.offset = 0;
    this.total = 0;
    /** @type {number | undefined} */
    this.timer = undefined;
    /** @type {any[]} */
    this.items = [];
    const any = el("option", { value: "" }, gettext("any"));
    byId("certainty").append(any.cloneNode(true), ...labels("certainties").map(({ name, label }) => el("option", { value: name }, label)));
    byId("route").append(any.cloneNode(true), ...labels("routes").map(({ name, label }) => el("option", { value: name }, label)));
    byId("item-state").append(any, ...Object.entries(ITEM_STATES).map(([name, words]) => el("option", { value: name }, words)));
    byId("sort").append(...Object.entries(SORTS).map(([name, words]) => el("option", { value: name }, words)));
    byId("filters").addEventListener("input", () => this.restart());
    byId("filters").addEventListener("submit", (event) => event.preventDefault());
    byId("earlier").addEventListener("click", () => this.turn(-ROWS));
    byId("later").addEventListener("click", () => this.turn(ROWS));
    this.load();
  }

  get query() {
    const value = (id) => byId(id).value.trim();
    return { answer: value("answer"), certainty: value("certainty"), route: value("route"), state: value("item-state"), sort: value("sort") || "number" };
  }

  restart() {
    this.offset = 0;
    this.refresh();
  }

  turn(rows) {
    this.offset = Math.max(0, this.offset + rows);
    this.load();
  }

  refresh() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.load(), REFRESH_MS);
  }

  async load() {
    clearTimeout(this.timer);
    this.timer = undefined;
    const parameters = new URLSearchParams({ ...this.query, limit: String(ROWS), offset: String(this.offset) });
    try {
      const { items, total } = await call("GET", `/api/v1/batches/${this.batch}/items?${parameters}`);
      this.items = items;
      this.total = total;
    } catch (error) {
      this.note(sentence(error));
    }
    this.draw();
  }

  /** An item that has ended. In another order than the list's, or filtered, its place is the server's to say. */
  update(item) {
    const { sort, ...filters } = this.query;
    const at = this.items.findIndex(({ number }) => number === item.number);
    if (at >= 0) {
      this.items[at] = item;
      byId("items").children[at]?.replaceWith(this.row(item));
    }
    if (sort !== "number" || Object.values(filters).some(Boolean)) this.timer ??= setTimeout(() => this.load(), REFRESH_MS);
  }

  draw() {
    const empty = el("tr", {}, el("td", { colspan: 6, class: "empty", "data-label": "" }, gettext("No photo fits these filters.")));
    byId("items").replaceChildren(...(this.items.length ? this.items.map((item) => this.row(item)) : [empty]));
    const last = this.offset + this.items.length;
    byId("shown").textContent = this.total > ROWS ? gettext("%(first)s to %(last)s of %(total)s photos", { first: this.offset + 1, last, total: format.count(this.total) })
      : ngettext("%(count)s photo", "%(count)s photos", this.total);
    byId("earlier").disabled = !this.offset;
    byId("later").disabled = last >= this.total;
    byId("earlier").hidden = byId("later").hidden = this.total <= ROWS;
  }

  row(item) {
    const { photo } = item, ended = item.state === "answered";
    const picture = photo ? el("a", { href: photo.url }, el("img", { src: `${photo.url}?small=1`, alt: gettext("photo %(number)s", item), loading: "lazy" })) : el("span", { class: "hint" }, item.file ? "–" : gettext("deleted"));
    return el("tr", { "data-number": item.number, "data-state": item.state },
      el("td", { "data-label": "" }, picture),
      el("td", { class: "wide", "data-label": "" }, this.answer(item), item.file && el("small", { class: "file" }, item.file), photo?.device && el("small", {}, gettext("on %(device)s", photo))),
      el("td", { "data-label": "" }, item.certainty ? label("certainties", item.certainty) : "–", item.confidence !== null && el("small", {}, format.percent(item.confidence))),
      el("td", { "data-label": "" }, item.route ? item.route.split(",").map((name) => el("span", { class: "badge" }, dot(format.placeOf(name)), label("routes", name))) : "–"),
      el("td", { class: "number", "data-label": gettext("sent") }, ended ? format.bytes(item.bytes) : "–"),
      el("td", { class: "number", "data-label": gettext("time") }, ended ? format.ms(item.ms) : "–"));
  }

  answer(item) {
    if (item.state === "answered") return el("button", { type: "button", class: "plain answer", title: gettext("Show the receipt"), onclick: () => openReceipt(item, this.rebuild) }, item.answer);
    if (item.state !== "failed") return el("span", { class: "hint" }, ITEM_STATES[item.state]);
    return el("span", { class: "reason" }, sentence({ message: gettext(item.error.message), next: item.error.next && gettext(item.error.next) }));
  }
}
