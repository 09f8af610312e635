/** The drawing of a receipt: device, link, edge. */

import { el, svg } from "../dom.js";
import * as format from "../format.js";
import { shape } from "./shape.js";
import { spansOf } from "./spans.js";
import { gettext, ngettext } from "../i18n.js";

const CHARACTER_PX = 6.6;
const WIDEST = 720;
const NARROWEST = 280;

/** A drawing that is redrawn when its width changes, so that its text keeps its size. @param {any} receipt */
export function drawing(receipt) {
  const place = el("div", { class: "drawing" });
  let drawn = 0;
  const fitTo = (width) => {
    const whole = Math.round(Math.min(WIDEST, Math.max(NARROWEST, width)));
    if (whole !== drawn) place.replaceChildren(draw(receipt, (drawn = whole)));
  };
  fitTo(Math.min(680, document.documentElement.clientWidth - 58));
  new ResizeObserver(([entry]) => entry.contentRect.width && fitTo(entry.contentRect.width)).observe(place);
  return place;
}

function draw(receipt, width) {
  const s = shape(receipt, width);
  const figure = svg("svg", { viewBox: `0 0 ${s.width} ${s.height}`, role: "img", "aria-label": description(receipt) });
  figure.append(svg("path", { class: "device", d: s.device }));
  if (s.link) figure.append(svg("rect", { class: "neck", ...s.link }), svg("path", { class: "edge", d: s.edge }));
  labels(receipt, s).forEach((label) => figure.append(label));
  for (const piece of s.scale) {
    const bar = svg("rect", { class: `scale-${piece.place}`, x: piece.x, y: piece.y, width: piece.width, height: 4 });
    bar.append(svg("title", {}, `${piece.name}: ${piece.text}`));
    figure.append(bar);
  }
  return figure;
}

function labels(receipt, s) {
  const [from, to] = s.spans.device;
  const time = Object.fromEntries(s.scale.map(({ place, text }) => [place, text]));
  const work = { device: deviceWords(receipt), edge: edgeWords(receipt) };
  const ready = receipt.ready?.head && receipt.route === "split" ? `, ${gettext("ready before you asked")}` : "";
  const device = land(from, to - from, receipt.device, work.device, time.device, ready);
  if (!s.link) return device;
  const middle = (s.spans.link[0] + s.spans.link[1]) / 2;
  return [
    ...device,
    svg("text", { class: "on-link", x: middle, y: s.link.y - 7, "text-anchor": "middle" }, format.bytes(receipt.bytes.uplink)),
    svg("text", { class: "minor", x: middle, y: s.link.y + s.link.height + 15, "text-anchor": "middle" }, time.link),
    ...land(s.spans.edge[0], s.spans.edge[1] - s.spans.edge[0], receipt.edge, work.edge, time.edge, "", 12),
  ];
}

/** Name and time on a land; its work only if there is room. */
function land(x, width, name, does, time, ready, inset = 0) {
  const room = (text) => text.length * CHARACTER_PX < width - 34 - inset;
  const left = x + 12 + inset;
  const first = room(`${name} · ${does}`) ? `${name} · ${does}` : fit(name, width - 30 - inset);
  return [svg("text", { x: left, y: 50 }, first), svg("text", { class: "minor", x: left, y: 68 }, room(time + ready) ? time + ready : time)];
}

const fit = (text, width) => (text.length * CHARACTER_PX <= width ? text : `${text.slice(0, Math.max(3, Math.floor(width / CHARACTER_PX) - 1))}…`);

function deviceWords(receipt) {
  if (receipt.route === "device") return gettext("whole model, nothing sent");
  if (receipt.held) return gettext("nothing to do");
  if (receipt.route === "edge") return receipt.codec ? gettext("encoded %(codec)s", { codec: format.codec(receipt) }) : gettext("sent the photo");
  return receipt.split_at === 0 ? gettext("stem only") : ngettext("first %(count)s block", "first %(count)s blocks", receipt.split_at);
}

/** @param {any} receipt */
const edgeWords = (receipt) => (receipt.route === "split" ? gettext("finished the answer") : gettext("whole model"));

function description(receipt) {
  const { total, spans } = spansOf(receipt.actual_ms);
  const parts = spans.filter((span) => span.shown).map(({ name, text }) => `${name} ${text}`).join(", ");
  const values = { device: receipt.device, edge: receipt.edge, bytes: format.bytes(receipt.bytes.uplink), total, spans: parts };
  return receipt.route === "device"
    ? gettext("All on %(device)s, nothing sent over the link: %(total)s in all, of it %(spans)s.", values)
    : gettext("From %(device)s over the link with %(bytes)s to %(edge)s: %(total)s in all, of it %(spans)s.", values);
}
