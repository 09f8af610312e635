/** Short descriptions of a node, the same on every page. */

import * as format from "../format.js";
import { gettext } from "../i18n.js";
import { label } from "../labels.js";
import { linkAge, silence } from "./store.js";

/** "248 KB/s · 14 ms · 3 s ago", or null before the first measurement. */
export function linkWords(node) {
  if (!node.link || node.link.up_bytes_per_s === null) return null;
  const rtt = node.link.rtt_ms === null ? [] : [format.ms(node.link.rtt_ms)];
  const age = linkAge(node);
  return [format.rate(node.link.up_bytes_per_s), ...rtt, ...(age === null ? [] : [format.ago(age)])].join(" · ");
}

/** "online · 51 °C · simulated" for a narrow panel. */
export function shortWords(node) {
  if (!node.approved) return gettext("waiting for approval");
  const parts = [label("node_states", node.state)];
  if (node.state === "stale" || node.state === "offline") parts.push(format.seconds(silence(node)));
  if (isLoading(node)) parts.push(gettext("loading models"));
  else if (node.state === "online" && !node.profile) parts.push(gettext("answers no questions"));
  if (node.state === "online" && node.queue) parts.push(gettext("%(count)s waiting", { count: node.queue }));
  const warmest = temperature(node.sensors);
  if (node.state === "online" && warmest !== null) parts.push(`${Math.round(warmest)} °C`);
  if (node.simulated) parts.push(gettext("simulated"));
  return parts.join(" · ");
}

/** A node that cannot answer loads nothing. @param {any} node */
export const isLoading = (node) => node.state === "online" && !node.profile && node.lanes.stages !== false;

/** @returns {?number} degrees Celsius */
export const temperature = (sensors) => (typeof sensors?.temperature_c === "number" ? sensors.temperature_c : null);
