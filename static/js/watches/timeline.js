/** The last 24 hours, one lane for each camera: bars where something was seen, marks where a camera failed. The server sums them up. */

import { call } from "../api.js";
import { byId, el, svg } from "../dom.js";
import { gettext, ngettext } from "../i18n.js";
import { timeWords } from "../times.js";
import { headline } from "./words.js";

const HOURS = 24, LEAST = 3, BAR = 16, NARROW = 600; // pixels, except hours
const REST_MS = 10000; // between two requests

export class Timeline {
  /** @param {any} summary @param {() => Record<string, string>} choice the filters @param {(id: number) => void} open */
  constructor(summary, choice, open) {
    this.summary = summary;
    this.choice = choice;
    this.open = open;
    this.generation = 0;
    this.readAt = 0;
    /** @type {any} */
    this.timer = null;
    addEventListener("resize", () => this.draw());
    this.draw();
  }

  /** Something happened: soon, and at most once in a while. */
  touch() {
    this.timer ??= setTimeout(() => this.load(), Math.max(500, this.readAt + REST_MS - Date.now()));
  }

  async load() {
    clearTimeout(this.timer);
    this.timer = null;
    this.readAt = Date.now();
    const generation = ++this.generation;
    try {
      const summary = await call("GET", `/api/v1/watches/lanes?${new URLSearchParams(this.choice())}`);
      if (generation === this.generation) this.summary = summary;
    } catch {
      return; // the list says what is wrong; the next event asks again
    }
    this.draw();
  }

  draw() {
    const { lanes, since, hidden } = this.summary, place = byId("timeline"), now = Date.now(), from = now - HOURS * 3600e3;
    if (!lanes.length) return place.replaceChildren();
    const width = place.clientWidth || 960, narrow = width < NARROW;
    const left = narrow ? 0 : 150, above = narrow ? 18 : 0, lane = BAR + 6 + above, height = lanes.length * lane + 18;
    const x = (at) => left + ((Math.max(new Date(at).getTime(), from) - from) / (now - from)) * (width - left);
    const label = gettext("Events of the last 24 hours, by camera. The list below has each of them.");
    const picture = svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label });
    lanes.forEach(({ node, camera, spans }, row) => {
      const top = row * lane + above + 3, name = `${node}/${camera}`;
      picture.append(svg("text", { x: 0, y: narrow ? top - 5 : top + 12 }, name.length > 24 ? `${name.slice(0, 23)}…` : name));
      picture.append(svg("rect", { class: "lane", x: left, y: top, width: width - left, height: BAR, rx: 3 }));
      for (const span of spans) {
        const begin = x(span.at), size = Math.max(LEAST, x(span.until ?? now) - begin), start = Math.min(begin, width - size);
        const bar = svg("rect", { class: span.sort, x: start, y: top, width: size, height: BAR, onclick: () => this.open(span.event) });
        bar.append(svg("title", {}, words({ ...span, node, camera })));
        picture.append(bar);
      }
    });
    for (const hours of narrow ? [24, 12, 0] : [24, 18, 12, 6, 0]) {
      const at = left + ((HOURS - hours) / HOURS) * (width - left);
      const anchor = hours === 24 ? "start" : hours ? "middle" : "end";
      picture.append(svg("text", { x: at, y: height - 3, "text-anchor": anchor }, hours ? gettext("%(hours)s h ago", { hours }) : gettext("now")));
    }
    const isShort = new Date(since).getTime() > from + 60e3 * 60;
    const notes = [
      isShort && gettext("So much happened that the lanes begin at %(time)s.", { time: timeWords(since) }),
      hidden > 0 && ngettext("%(count)s further camera has events. Choose it above.", "%(count)s further cameras have events. Choose one above.", hidden),
    ].filter(Boolean);
    place.replaceChildren(picture, ...notes.map((note) => el("p", { class: "hint" }, note)));
  }
}

/** @param {any} span */
function words(span) {
  const latest = `${headline(span)}, ${timeWords(span.at, "second")}`;
  if (span.count === 1) return latest;
  const values = { from: timeWords(span.at), until: span.until ? timeWords(span.until) : gettext("now"), latest: headline(span) };
  return ngettext("%(count)s event, %(from)s to %(until)s. The latest: %(latest)s", "%(count)s events, %(from)s to %(until)s. The latest: %(latest)s", span.count, values);
}
