/** Answer, then refine: bytes and confidence of each level. */

import { dot, el } from "../dom.js";
import * as format from "../format.js";
import { decimal, gettext, ngettext } from "../i18n.js";

/** @param {any} receipt @returns {?HTMLElement} null unless a refinement was possible */
export function levels({ levels: used = [], candidates }) {
  const refineTo = candidates.find((level) => level.chosen)?.refine_to;
  if (!used.length || (used.length === 1 && !refineTo)) return null;
  const steps = used.map((level, index) => [index > 0 && " → ", el("b", {}, gettext("level %(level)s", { level: level.level })), `: ${amount(level.bytes, index)}, ${certainty(level.confidence)}`]);
  const skipped = used.length === 1 && `; ${gettext("level %(level)s was not needed", { level: refineTo })}`;
  return el("p", { class: "levels", title: gettext("The edge answered from the first level and requested more only while its confidence was too low") }, dot("link"), steps, skipped);
}

const amount = (bytes, index) => (index
  ? ngettext("%(bytes)s more byte", "%(bytes)s more bytes", bytes, { bytes: format.count(bytes) })
  : ngettext("%(bytes)s byte", "%(bytes)s bytes", bytes, { bytes: format.count(bytes) }));
const certainty = (confidence) => (typeof confidence === "number" ? gettext("confidence %(number)s", { number: decimal(confidence, 2) }) : gettext("confidence unknown"));
