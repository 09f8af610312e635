/** What is being uploaded, with a bar for each file under way, and a list of every file that was not taken. */

import { byId, el, sentence } from "../dom.js";
import { count as digits } from "../format.js";
import { gettext, ngettext } from "../i18n.js";
import { droppedFiles, fromList } from "./dropped-files.js";
import { UploadProblems } from "./upload-problems.js";
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
    this.problems = new UploadProblems(() => this.soon());
    this.queue = new UploadQueue(limits, this.record, {
      onChange: () => this.soon(),
      onProblem: (item) => this.problems.add(item),
      onHalt: () => this.halt(),
    });
    this.sum = el("p", { class: "sum" });
    this.bar = el("progress", { "aria-label": gettext("All files") });
    this.sending = el("ul", { class: "sending" });
    const button = (words, act) => el("button", { type: "button", class: "small", onclick: act }, words);
    this.buttons = {
      resume: button(gettext("Resume"), () => this.queue.resume()),
      retry: button(gettext("Try again"), () => this.retry()),
      stop: button(gettext("Stop"), () => this.queue.stop()),
      close: button(gettext("Close"), () => this.close()),
    };
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
    if (!files.length) return;
    if (!this.queue.unfinished) this.problems.clear();
    this.queue.add(files);
  }

  retry() {
    this.problems.drop("failed");
    this.queue.retry();
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
    this.queue.clear();
    this.problems.clear();
    this.panel.hidden = true;
  }

  soon() {
    this.timer ??= setTimeout(() => this.draw(), DRAW_MS);
  }

  halt() {
    this.draw();
    this.onAdded();
    byId("announcer").textContent = this.sum.textContent;
  }

  summary() {
    const { queue } = this, waiting = queue.unfinished, added = queue.count("added"), there = queue.count("there"), refused = queue.count("refused"), failed = queue.count("failed");
    return [
      ngettext("%(count)s photo added.", "%(count)s photos added.", added),
      there && ngettext("%(count)s was there already: the same photo is stored once.", "%(count)s were there already: the same photo is stored once.", there),
      refused && ngettext("%(count)s file was refused.", "%(count)s files were refused.", refused),
      failed && ngettext("%(count)s file did not arrive.", "%(count)s files did not arrive.", failed),
      waiting && queue.full && sentence(queue.full),
      waiting && queue.full && ngettext("%(number)s file waits.", "%(number)s files wait.", waiting, { number: digits(waiting) }),
    ].filter(Boolean).join(" ");
  }

  draw() {
    clearTimeout(this.timer);
    this.timer = undefined;
    const { queue, panel, buttons } = this, { items, busy } = queue;
    if (!items.length) return;
    const finished = items.length - queue.unfinished;
    this.sum.textContent = busy ? gettext("%(done)s of %(total)s files", { done: finished, total: items.length }) : this.summary();
    buttons.resume.hidden = busy || !queue.full;
    buttons.retry.hidden = queue.count("failed") === 0;
    buttons.stop.hidden = !busy;
    buttons.close.hidden = busy;
    Object.assign(this.bar, { max: items.length, value: finished }).hidden = !busy;
    this.sending.replaceChildren(...[...queue.sending].map(({ path, share }) => el("li", {}, el("span", { class: "name" }, path), bar(path, share))));
    this.problems.draw();
    if (!this.sum.isConnected) {
      const head = el("div", { class: "head" }, this.sum, el("div", { class: "row" }, ...Object.values(buttons)));
      panel.replaceChildren(head, this.bar, this.sending, this.problems.element);
    }
    panel.hidden = false;
  }
}

const bar = (label, value) => el("progress", { value: String(value), max: "1", "aria-label": label });
