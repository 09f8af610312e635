/** The last 24 hours, one lane for each camera: bars where something was seen, marks where a camera failed. */

import { byId, svg } from "../dom.js";
import { gettext } from "../i18n.js";
import { timeWords } from "../times.js";
import { headline, isFault } from "./words.js";

const HOURS = 24, WIDTH = 960, LANE = 22, LEFT = 150, LEAST = 3;

/** @param {any[]} events @param {(id: number) => void} choose */
export function draw(events, choose) {
  const now = Date.now(), from = now - HOURS * 3600e3;
  const recent = events.filter((event) => new Date(event.ended ?? event.at).getTime() >= from || (event.kind === "raised" && !event.ended));
  const lanes = [...new Set(recent.map((event) => `${event.node}/${event.camera}`))].sort();
  const place = byId("timeline");
  if (!lanes.length) return place.replaceChildren();
  const x = (at) => LEFT + ((Math.max(new Date(at).getTime(), from) - from) / (now - from)) * (WIDTH - LEFT);
  const height = lanes.length * LANE + 18;
  const picture = svg("svg", { viewBox: `0 0 ${WIDTH} ${height}`, role: "img", "aria-label": gettext("Events of the last 24 hours, by camera. The list below has each of them.") });
  lanes.forEach((name, row) => {
    picture.append(svg("text", { x: 0, y: row * LANE + 14 }, name.length > 24 ? `${name.slice(0, 23)}…` : name));
    picture.append(svg("rect", { class: "lane", x: LEFT, y: row * LANE + 3, width: WIDTH - LEFT, height: LANE - 6, rx: 3 }));
    for (const event of recent.filter((event) => `${event.node}/${event.camera}` === name && event.kind !== "camera_back")) {
      const begin = x(event.at), end = event.kind === "raised" ? x(event.ended ?? now) : begin;
      const kind = isFault(event) ? "fault" : event.check === "dismissed" ? "dismissed" : "raised";
      const bar = svg("rect", { class: kind, x: begin, y: row * LANE + 3, width: Math.max(LEAST, end - begin), height: LANE - 6, onclick: () => choose(event.id) });
      bar.append(svg("title", {}, `${headline(event)}, ${timeWords(event.at, "second")}`));
      picture.append(bar);
    }
  });
  for (const hours of [24, 18, 12, 6, 0]) {
    const at = LEFT + ((HOURS - hours) / HOURS) * (WIDTH - LEFT);
    picture.append(svg("text", { x: at, y: height - 3, "text-anchor": hours === 24 ? "start" : hours ? "middle" : "end" }, hours ? gettext("%(hours)s h ago", { hours }) : gettext("now")));
  }
  place.replaceChildren(picture);
}
