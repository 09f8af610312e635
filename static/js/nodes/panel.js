/** The chat page's view of the nodes: the header's three badges and the panel at the side. */

import { onTick } from "../clock.js";
import { byId, dot, el } from "../dom.js";
import * as format from "../format.js";
import { gettext } from "../i18n.js";
import { entry, label } from "../labels.js";
import { Decisions } from "./decisions.js";
import { sparkline } from "./sparkline.js";
import { NodeStore } from "./store.js";
import { shortWords } from "./words.js";

const REDRAW_MS = 250;

export class NodePanel {
  /** @param {any[]} nodes @param {() => string} preferred slug of the chosen device, or "" */
  constructor(nodes, preferred) {
    this.preferred = preferred;
    // A lost devices socket needs no note on this page: the badges show their age.
    this.store = new NodeStore(nodes, () => {});
    this.decisions = new Decisions(this.store, () => [this.device()?.slug].filter(Boolean));
    this.stale = true;
    this.drawnAt = 0;
    this.store.onChange(() => this.changed());
    this.decisions.onChange(() => this.changed());
    onTick(() => this.draw());
  }

  changed() {
    this.stale = true;
  }

  /** At most four times a second after a change, otherwise once, for the ages. */
  draw() {
    const age = Date.now() - this.drawnAt;
    if (age < (this.stale ? REDRAW_MS : 1000)) return;
    this.stale = false;
    this.drawnAt = Date.now();
    const device = this.device();
    this.badges(device, this.edge());
    byId("node-rows").replaceChildren(...this.rows());
    if (!byId("side").checkVisibility()) return;
    const slug = device?.slug ?? "";
    byId("spark-node").textContent = slug;
    byId("spark-hint").hidden = !this.decisions.of(slug).length;
    byId("spark").replaceChildren(sparkline(this.store.samples.get(slug) ?? [], this.decisions.estimates(slug), this.decisions.of(slug)));
  }

  device() {
    const devices = this.store.of("device");
    return devices.find((node) => node.slug === this.preferred()) ?? devices.find((node) => node.state === "online") ?? devices[0];
  }

  edge() {
    const edges = this.store.of("edge");
    return edges.find((node) => node.state === "online") ?? edges[0];
  }

  rows() {
    const nodes = this.store.all();
    if (!nodes.length) return [el("p", { class: "hint" }, gettext("No device yet. Add one on the Devices page."))];
    return nodes.map((node) => el("div", { class: "node-row", title: entry("node_states", node.state).explanation }, el("b", {}, dot(node.tier), node.slug), el("span", {}, shortWords(node))));
  }

  badges(device, edge) {
    badge("status-device", device && "device", device && `${device.slug}${device.state === "online" ? "" : ` · ${label("node_states", device.state)}`}`);
    const link = device?.link?.up_bytes_per_s ? `${format.rate(device.link.up_bytes_per_s)} · ${format.ms(device.link.rtt_ms)}` : null;
    badge("status-link", link && "link", link);
    const load = edge && (edge.state !== "online" ? label("node_states", edge.state) : edge.queue ? gettext("%(count)s waiting", { count: edge.queue }) : gettext("idle"));
    badge("status-edge", edge && "edge", edge && `${edge.slug} · ${load}`);
  }
}

function badge(id, place, text) {
  const shown = byId(id);
  shown.hidden = !place;
  if (place && shown.textContent !== text) shown.replaceChildren(dot(place), text);
}
