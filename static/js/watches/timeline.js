/** The last 24 hours, one lane for each camera: bars where something was seen, marks where a camera failed. */

import { byId, svg } from "../dom.js";
import { gettext } from "../i18n.js";
import { timeWords } from "../times.js";
import { headline, isFault } from "./words.js";

const HOURS = 24, LEAST = 3, BAR = 16, NARROW = 600; // pixels, except hours

/** @param {any[]} events @param {(id: number) => void} choose */
export function draw(events, choose) {
  const now = Date.now(), from = now - HOURS * 3600e3, place = byId("timeline");
  const recent = events.filter((event) => new Date(event.ended ?? event.at).getTime() >= from || (event.kind === "raised" && !event.ended));
  const lanes = [...new Set(recent.map((event) => `${event.node}/${event.camera}`))].sort();
  if (!lanes.length) return place.replaceChildren();
  const width = place.clientWidth || 960, narrow = width < NARROW;
  const left = narrow ? 0 : 150, above = narrow ? 18 : 0, lane = BAR + 6 + above, height = lanes.length * lane + 18;
  const x = (at) => left + ((Math.max(new Date(at).getTime(), from) - from) / (now - from)) * (width - left);
  const label = gettext("Events of the last 24 hours, by camera. The list below has each of them.");
  const picture = svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label });
  lanes.forEach((name, row) => {
    const top = row * lane + above + 3;
    picture.append(svg("text", { x: 0, y: narrow ? top - 5 : top + 12 }, name.length > 24 ? `${name.slice(0, 23)}…` : name));
    picture.append(svg("rect", { class: "lane", x: left, y: top, width: width - left, height: BAR, rx: 3 }));
    for (const event of recent.filter((event) => `${event.node}/${event.camera}` === name && event.kind !== "camera_back")) {
      const begin = x(event.at), end = event.kind === "raised" ? x(event.ended ?? now) : begin;
      const kind = isFault(event) ? "fault" : event.check === "dismissed" ? "dismissed" : "raised";
      const size = Math.max(LEAST, end - begin), start = Math.min(begin, width - size);
      const bar = svg("rect", { class: kind, x: start, y: top, width: size, height: BAR, onclick: () => choose(event.id) });
      bar.append(svg("title", {}, `${headline(event)}, ${timeWords(event.at, "second")}`));
      picture.append(bar);
    }
  });
  for (const hours of narrow ? [24, 12, 0] : [24, 18, 12, 6, 0]) {
    const at = left + ((HOURS - hours) / HOURS) * (width - left);
    const anchor = hours === 24 ? "start" : hours ? "middle" : "end";
    picture.append(svg("text", { x: at, y: height - 3, "text-anchor": anchor }, hours ? gettext("%(hours)s h ago", { hours }) : gettext("now")));
  }
  place.replaceChildren(picture);
}
