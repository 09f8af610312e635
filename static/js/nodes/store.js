/**
 * The nodes and the recent transfers of their links, kept up to date by the devices socket.
 *
 * @typedef {{at: number, bytes: number, ms: number, bytes_per_s: number, source: string}} Sample `at` in milliseconds
 * @typedef {{at: number, up: number}} Estimate
 */

import { observe, since } from "../clock.js";
import { LiveSocket } from "../socket.js";

const MAX_SAMPLES = 600; // per device, so that a page left open for days does not grow

export class NodeStore {
  /** @param {any[]} nodes as sent with the page @param {(note: ?string) => void} onStatus @param {?string[]} [watched] slugs of the nodes to hear of; null: all */
  constructor(nodes, onStatus, watched = null) {
    /** @type {Map<string, any>} */
    this.nodes = new Map();
    /** @type {Map<string, Sample[]>} */
    this.samples = new Map();
    /** @type {Map<string, Estimate[]>} */
    this.estimates = new Map();
    this.listeners = new Set();
    nodes.forEach((node) => this.put(node));
    this.socket = new LiveSocket(address(watched), { onFrame: (frame) => this.receive(frame), onStatus });
  }

  /** @param {(kind: "nodes" | "samples") => void} listener */
  onChange(listener) {
    this.listeners.add(listener);
  }

  /** Hear of these nodes from now on, and of what is joining. @param {string[]} slugs */
  watch(slugs) {
    this.socket.path = address(slugs);
    this.socket.send({ type: "watch", nodes: slugs });
  }

  of(tier) {
    return [...this.nodes.values()].filter((node) => node.tier === tier && node.state !== "revoked");
  }

  all() {
    return [...this.nodes.values()].filter((node) => node.state !== "revoked").sort((a, b) => a.tier.localeCompare(b.tier) || a.slug.localeCompare(b.slug));
  }

  put(node) {
    // Ages in the JSON are as of now; the moment of arrival keeps them right as the page waits.
    const receivedAt = Date.now();
    this.nodes.set(node.slug, { ...node, receivedAt });
    if (node.state === "online") observe(node.last_seen);
    if (node.link?.up_bytes_per_s) push(this.estimates, node.slug, { at: receivedAt, up: node.link.up_bytes_per_s });
  }

  receive(frame) {
    if (frame.type === "snapshot") {
      this.nodes.clear();
      frame.nodes.forEach((node) => this.put(node));
      for (const [slug, rows] of Object.entries(frame.samples)) this.samples.set(slug, rows.map(parsed));
      this.notify("nodes");
      this.notify("samples");
    } else if (frame.type === "node.state") {
      this.put(frame.node);
      this.notify("nodes");
    } else if (frame.type === "link.sample") {
      push(this.samples, frame.node, parsed(frame));
      this.notify("samples");
    }
  }

  notify(kind) {
    this.listeners.forEach((listener) => listener(kind));
  }
}

/** @param {?string[]} slugs */
const address = (slugs) => (slugs ? `/ws/devices/?nodes=${slugs.join(",")}` : "/ws/devices/");

/** Seconds since the node's link was last measured. */
export const linkAge = (node) => (node.link?.age_s === null || node.link?.age_s === undefined ? null : node.link.age_s + (Date.now() - node.receivedAt) / 1000);

/** Seconds since the last heartbeat. */
export const silence = (node) => since(node.last_seen);

const parsed = ({ at, bytes, ms, bytes_per_s, source }) => ({ at: Date.parse(at), bytes, ms, bytes_per_s, source });

function push(ring, slug, item) {
  const rows = ring.get(slug) ?? [];
  rows.push(item);
  if (rows.length > MAX_SAMPLES) rows.splice(0, rows.length - MAX_SAMPLES);
  ring.set(slug, rows);
}
