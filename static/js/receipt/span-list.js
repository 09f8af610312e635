/** The key of the bar under a drawing: each part of the total by name, with the time it took. */

import { el } from "../dom.js";
import { spansOf } from "./spans.js";
import { gettext } from "../i18n.js";

/** @param {any} actual the times of a finished receipt */
export function spans(actual) {
  const { total, spans: parts } = spansOf(actual);
  const shown = parts.filter((part) => part.shown);
  const rows = shown.map(({ place, name, text }) => el("li", {}, el("i", { class: `swatch scale-${place}`, "aria-hidden": "true" }), `${name} `, el("b", {}, text)));
  return el("ul", { class: "spans", "aria-label": gettext("Where the %(time)s went", { time: total }) }, rows);
}
