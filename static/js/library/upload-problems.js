/** The files that were not added, by reason. Rows are appended and stay: the list may have thousands. */

import { el, sentence } from "../dom.js";
import { count as digits } from "../format.js";
import { gettext, ngettext } from "../i18n.js";

const OPEN = 5; // files up to which a reason shows them by itself
const AT_ONCE = 200; // rows that one drawing appends

/** @typedef {{paths: string[], shown: number, element: HTMLDetailsElement, summary: HTMLElement, list: HTMLUListElement}} Reason */

export class UploadProblems {
  /** @param {() => void} onMore there are rows for another drawing */
  constructor(onMore) {
    this.onMore = onMore;
    this.element = el("div", { class: "reasons", hidden: true }, el("p", {}, gettext("Files that were not added")));
    /** @type {Map<string, Reason>} */
    this.reasons = new Map();
  }

  clear() {
    for (const { element } of this.reasons.values()) element.remove();
    this.reasons.clear();
    this.element.hidden = true;
  }

  /** The files of one state are gone from the list: they are sent again. @param {string} state */
  drop(state) {
    for (const [key, { element }] of this.reasons) {
      if (!key.startsWith(`${state} `)) continue;
      element.remove();
      this.reasons.delete(key);
    }
    this.element.hidden = this.reasons.size === 0;
  }

  /** @param {import("./upload-queue.js").Item} item refused or failed */
  add({ state, path, error }) {
    const text = sentence(error), key = `${state} ${text}`;
    let reason = this.reasons.get(key);
    if (!reason) this.reasons.set(key, reason = this.reason(text));
    reason.paths.push(path);
  }

  /** @param {string} text @returns {Reason} */
  reason(text) {
    const summary = el("b"), list = el("ul", { class: "problems" });
    const element = el("details", { open: true, ontoggle: () => this.onMore() }, el("summary", {}, text, " ", summary), list);
    return { paths: [], shown: 0, element, summary, list };
  }

  draw() {
    let more = false;
    for (const reason of this.reasons.values()) {
      const { paths, element, summary, list } = reason, folds = paths.length > OPEN && reason.shown <= OPEN && !element.dataset.folded;
      if (!element.isConnected) this.element.append(element);
      if (folds) Object.assign(element, { open: false }).dataset.folded = "true"; // once: whoever opens it again keeps it open
      const words = ngettext("%(number)s file", "%(number)s files", paths.length, { number: digits(paths.length) });
      if (summary.textContent !== words) summary.textContent = words;
      if (!element.open || reason.shown === paths.length) continue;
      const next = paths.slice(reason.shown, reason.shown + AT_ONCE);
      list.append(...next.map((path) => el("li", {}, path)));
      reason.shown += next.length;
      more ||= reason.shown < paths.length;
    }
    this.element.hidden = this.reasons.size === 0;
    if (more) this.onMore();
  }
}
