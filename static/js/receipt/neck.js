/** The small form of the receipt's drawing: no labels, and a time bar comparable with its neighbours. */

import { el, svg } from "../dom.js";
import * as format from "../format.js";
import { shape } from "./shape.js";
import { spansOf } from "./spans.js";
import { gettext } from "../i18n.js";

const WIDTH = 200;
const LEAST = { land: 40, link: 30 };
const BAR = { gap: 6, height: 6 };

/** @param {any} receipt a finished one @param {number} longestMs the time that fills the bar */
export function neck(receipt, longestMs) {
  const s = shape(receipt, WIDTH, LEAST);
  const shrink = longestMs > 0 ? Math.min(1, receipt.actual_ms.total / longestMs) : 1;
  const y = s.land.bottom + BAR.gap;
  const figure = svg("svg", { viewBox: `0 ${s.land.top} ${WIDTH} ${y + BAR.height - s.land.top}`, role: "img", "aria-label": words(receipt) });
  figure.append(svg("path", { class: "device", d: s.device }));
  if (s.link) figure.append(svg("rect", { class: "neck", ...s.link }), svg("path", { class: "edge", d: s.edge }));
  figure.append(...s.scale.map((piece) => svg("rect", { class: `scale-${piece.place}`, x: piece.x * shrink, y, width: piece.width * shrink, height: BAR.height })));
  return el("div", { class: "drawing small" }, figure);
}

function words({ actual_ms: actual, bytes }) {
  const { total, spans } = spansOf(actual);
  const shown = spans.filter((span) => span.shown).map(({ name, text }) => `${name} ${text}`).join(", ");
  return gettext("%(total)s in all: %(spans)s; %(bytes)s over the link.", { total, spans: shown, bytes: format.bytes(bytes.uplink) });
}
