/** Instead of a drawing: the answer of an equal question was used, so there is nothing to draw. */

import { el } from "../dom.js";
import { gettext, withElements } from "../i18n.js";
import { time } from "../times.js";

/** @param {any} receipt */
export function answeredBefore({ cached }) {
  if (!cached) return null;
  const words = gettext("Answered before, on %(when)s: the same was asked about the same photo, so nothing was computed or sent.");
  return el("p", { class: "note before" }, withElements(words, { when: time(cached.at) }));
}
