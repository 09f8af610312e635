/** The search field above the list, and its results in place of the list. */

import { byId, el } from "../dom.js";
import { gettext, ngettext } from "../i18n.js";
import { pinned } from "./header.js";

const PAUSE_MS = 250; // after the last key

/** What is being searched for, or "". */
export const searchWords = () => byId("search").value.trim();

/** @param {() => void} onChange called shortly after the last change */
export function watchSearch(onChange) {
  /** @type {number | undefined} */
  let timer;
  const soon = (pause) => {
    clearTimeout(timer);
    timer = setTimeout(onChange, pause);
  };
  byId("search").addEventListener("input", () => soon(searchWords() ? PAUSE_MS : 0));
  byId("search").addEventListener("keydown", (event) => event.key === "Enter" && !event.isComposing && soon(0));
}

/** @param {any} match as the API describes it @param {boolean} here whether it is the open conversation */
export function resultRow(match, here) {
  const turns = match.turns.map(({ turn, question, answer }) =>
    el("a", { class: "hit", href: `/c/${match.id}/#turn-${turn}`, dir: "auto" }, el("span", {}, marked(question)), answer.length > 0 && el("span", { class: "hint" }, marked(answer))));
  const title = el("a", { href: `/c/${match.id}/`, "aria-current": here ? "page" : null, dir: "auto" }, marked(match.title));
  return el("li", { class: "result", "data-here": here }, el("div", { class: "line" }, title, match.pinned && pinned()), turns);
}

/** @param {string} words @param {number} total */
export const outcome = (words, total) =>
  total ? ngettext("%(count)s conversation found", "%(count)s conversations found", total) : gettext("Nothing has all of “%(words)s”. Fewer or shorter words find more.", { words });

/** @param {{text: string, match: boolean}[]} pieces */
const marked = (pieces) => pieces.map(({ text, match }) => (match ? el("mark", {}, text) : text));
