/** What is said about a node, the same wherever it is shown. */

import * as format from "../format.js";
import { linkAge, silence } from "./store.js";

export const STATES = {
  unseen: "Registered, but never heard of: start its agent.",
  online: "Heard within the last seconds.",
  stale: "Silent for more than 6 seconds: busy, or the link is bad.",
  offline: "Silent for more than 12 seconds: it is not used for questions.",
  revoked: "Its credentials were withdrawn.",
};

/** "248 KB/s · 14 ms · 3 s ago", or null while nothing was measured. */
export function linkWords(node) {
  if (!node.link || node.link.up_bytes_per_s === null) return null;
  const rtt = node.link.rtt_ms === null ? [] : [format.ms(node.link.rtt_ms)];
  const age = linkAge(node);
  return [format.rate(node.link.up_bytes_per_s), ...rtt, ...(age === null ? [] : [format.ago(age)])].join(" · ");
}

/** "online · 51 °C · simulated" in as few words as a narrow panel has room for. */
export function shortWords(node) {
  if (!node.approved) return "waits for approval";
  const parts = [node.state];
  if (node.state === "stale" || node.state === "offline") parts.push(format.seconds(silence(node)));
  if (node.state === "online" && !node.profile) parts.push("loading models");
  if (node.state === "online" && node.queue) parts.push(`${node.queue} waiting`);
  const warmest = temperature(node.sensors);
  if (node.state === "online" && warmest !== null) parts.push(`${Math.round(warmest)} °C`);
  if (node.simulated) parts.push("simulated");
  return parts.join(" · ");
}

/** @returns {?number} degrees Celsius */
export const temperature = (sensors) => (typeof sensors?.temperature_c === "number" ? sensors.temperature_c : null);
