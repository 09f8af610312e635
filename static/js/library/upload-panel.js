/** What is being uploaded, with a bar for each file under way, and a summary that names every file that was not taken. */

import { byId, el, sentence } from "../dom.js";
import { gettext, ngettext } from "../i18n.js";
import { droppedFiles, fromList } from "./dropped-files.js";
import { UploadQueue } from "./upload-queue.js";
import { UploadRecord } from "./upload-record.js";

const DRAW_MS = 120;

export class UploadPanel {
  /** @param {{max_upload_bytes: number, most_at_once: number}} limits @param {() => void} onAdded @param {(error: any) => void} onError */
  constructor(limits, onAdded, onError) {
    this.onAdded = onAdded;
    this.onError = onError;
    this.panel = byId("uploads");
    this.record = new UploadRecord();
    this.queue = new UploadQueue(limits, this.record, { onChange: () => this.soon(), onEnd: () => this.end() });
    for (const [button, input] of [["add-photos", "files"], ["add-first", "files"], ["add-folder", "folder"]]) byId(button).addEventListener("click", () => byId(input).click());
    for (const input of ["files", "folder"]) {
      byId(input).addEventListener("change", () => {
        const files = fromList(byId(input).files);
        byId(input).value = "";
        this.add(files);
      });
    }
    this.drops();
    if (this.record.unfinished) this.remind();
  }

  drops() {
    let depth = 0;
    const track = (more) => {
      depth = Math.max(0, depth + more);
      byId("drop").hidden = depth === 0;
    };
    const carries = (event) => event.dataTransfer?.types.includes("Files");
    addEventListener("dragenter", (event) => carries(event) && track(1));
    addEventListener("dragleave", (event) => carries(event) && track(-1));
    addEventListener("dragover", (event) => carries(event) && event.preventDefault());
    addEventListener("drop", (event) => {
      if (!carries(event) || !event.dataTransfer) return;
      event.preventDefault();
      track(-depth);
      droppedFiles(event.dataTransfer).then((files) => this.add(files), () => this.onError({ message: gettext("The browser could not read what was dropped."), next: gettext("Choose the files with “Add photos”.") }));
    });
  }

  /** @param {{file: File, path: string}[]} files */
  add(files) {
    if (files.length) this.queue.add(files);
  }

  /** Of an upload that a reload broke off. */
  remind() {
    const { total, done } = this.record;
    this.panel.replaceChildren(el("div", { class: "head" },
      el("p", {}, gettext("An upload ended after %(done)s of %(total)s files. Choose the same files or the same folder again: what is there is not sent again.", { done: done.size, total })),
      el("button", { type: "button", class: "small", onclick: () => this.close() }, gettext("Close"))));
    this.panel.hidden = false;
  }

  close() {
    this.record.end();
    this.queue.items = [];
    this.panel.hidden = true;
  }

  soon() {
    this.timer ??= setTimeout(() => this.draw(), DRAW_MS);
  }

  end() {
    this.draw();
    this.onAdded();
    byId("announcer").textContent = this.summary();
  }

  summary() {
    const { queue } = this, added = queue.count("added"), there = queue.count("there"), refused = queue.count("refused"), failed = queue.count("failed");
    return [
      ngettext("%(count)s photo added.", "%(count)s photos added.", added),
      there && ngettext("%(count)s was there already: the same photo is stored once.", "%(count)s were there already: the same photo is stored once.", there),
      refused && ngettext("%(count)s file was refused.", "%(count)s files were refused.", refused),
      failed && ngettext("%(count)s file did not arrive.", "%(count)s files did not arrive.", failed),
    ].filter(Boolean).join(" ");
  }

  draw() {
    clearTimeout(this.timer);
    this.timer = undefined;
    const { queue } = this, { items, busy } = queue;
    if (!items.length) return;
    const finished = items.filter(({ state }) => state !== "waiting" && state !== "sending").length;
    const buttons = [
      queue.count("failed") > 0 && el("button", { type: "button", class: "small", onclick: () => queue.retry() }, gettext("Try again")),
      busy ? el("button", { type: "button", class: "small", onclick: () => queue.stop() }, gettext("Stop")) : el("button", { type: "button", class: "small", onclick: () => this.close() }, gettext("Close")),
    ];
    const text = busy ? gettext("%(done)s of %(total)s files", { done: finished, total: items.length }) : this.summary();
    this.panel.replaceChildren(
      el("div", { class: "head" }, el("p", { class: "sum" }, text), el("div", { class: "row" }, buttons)),
      ...(busy ? [bar(gettext("All files"), finished, items.length)] : []),
      el("ul", { class: "sending" }, items.filter(({ state }) => state === "sending").map(({ path, share }) => el("li", {}, el("span", { class: "name" }, path), bar(path, share, 1)))),
      this.problems());
    this.panel.hidden = false;
  }

  /** Stays open while it grows. */
  problems() {
    const rows = this.queue.items.filter(({ state }) => state === "refused" || state === "failed");
    if (!rows.length) return "";
    const open = this.panel.querySelector("details")?.open ?? true;
    return el("details", { open }, el("summary", {}, gettext("Files that were not added")),
      el("ul", { class: "problems" }, rows.map(({ path, error }) => el("li", {}, el("b", {}, path), " ", sentence(error)))));
  }
}

const bar = (label, value, max) => el("progress", { value: String(value), max: String(max), "aria-label": label });
