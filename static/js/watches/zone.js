/** The zone: drawn on a picture of the camera, or set by its four edges. Fractions of the frame. */

import { byId, el } from "../dom.js";

const EDGES = ["left", "top", "right", "bottom"], LEAST = 0.05;

export class ZoneEditor {
  /** @param {Record<string, number>} zone */
  constructor(zone) {
    this.zone = { left: 0, top: 0, right: 1, bottom: 1, ...zone };
    this.place = byId("preview");
    this.box = el("div", { class: "zone", "aria-hidden": "true" });
    this.place.append(this.box);
    for (const edge of EDGES) byId(edge).addEventListener("input", () => this.set({ ...this.zone, [edge]: Number(byId(edge).value) / 100 }, edge));
    this.place.addEventListener("pointerdown", (down) => this.drag(down));
    this.show();
  }

  /** @param {string} url */
  picture(url) {
    byId("preview-words").hidden = true;
    this.place.querySelector("img")?.remove();
    const image = el("img", { src: url, alt: "", draggable: "false" });
    image.addEventListener("load", () => (this.place.style.aspectRatio = `${image.naturalWidth} / ${image.naturalHeight}`));
    this.place.prepend(image);
  }

  whole() {
    this.set({ left: 0, top: 0, right: 1, bottom: 1 });
  }

  drag(down) {
    const at = (event) => {
      const frame = this.place.getBoundingClientRect();
      return [(event.clientX - frame.left) / frame.width, (event.clientY - frame.top) / frame.height].map((value) => Math.min(1, Math.max(0, value)));
    };
    const [x, y] = at(down);
    const move = (event) => {
      const [u, v] = at(event);
      if (Math.abs(u - x) >= LEAST && Math.abs(v - y) >= LEAST) this.set({ left: Math.min(x, u), top: Math.min(y, v), right: Math.max(x, u), bottom: Math.max(y, v) });
    };
    const end = () => this.place.removeEventListener("pointermove", move);
    this.place.setPointerCapture(down.pointerId);
    this.place.addEventListener("pointermove", move);
    this.place.addEventListener("pointerup", end, { once: true });
    this.place.addEventListener("pointercancel", end, { once: true });
  }

  /** @param {Record<string, number>} zone @param {string} [typed] the edge that is being typed, which is left alone */
  set(zone, typed) {
    for (const edge of EDGES) this.zone[edge] = Math.round(zone[edge] * 100) / 100;
    this.show(typed);
  }

  /** @param {string} [typed] */
  show(typed) {
    for (const edge of EDGES) if (edge !== typed) byId(edge).value = String(Math.round(this.zone[edge] * 100));
    const { left, top, right, bottom } = this.zone;
    this.box.style.inset = `${top * 100}% ${(1 - right) * 100}% ${(1 - bottom) * 100}% ${left * 100}%`;
  }
}
