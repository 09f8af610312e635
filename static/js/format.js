/** Numbers for people, always with their unit. Every function takes null for "unknown". */

import { entry, label } from "./labels.js";
import { decimal, gettext, ngettext } from "./i18n.js";

/**
 * @typedef {{route: string, split_at?: ?number, level?: ?number, refine_to?: ?number, codec?: ?string, quality?: ?number, side?: ?number,
 *   uplink_bytes?: number, bytes?: any}} Method what a candidate, a decision and a receipt have in common
 */

const UNKNOWN = gettext("not available");

/** @param {number | null | undefined} value milliseconds */
export function ms(value) {
  if (value === null || value === undefined) return gettext("unknown");
  if (value >= 10000) return `${decimal(value / 1000, 0)} s`;
  if (value >= 1000) return `${decimal(value / 1000, 1)} s`;
  return `${value >= 10 || value === 0 ? Math.round(value) : decimal(value, 1)} ms`;
}

/** @param {number | null | undefined} value bytes; 1 KB is 1000 bytes, as links are sold */
export function bytes(value) {
  if (value === null || value === undefined) return UNKNOWN;
  if (value < 1000) return `${value} B`;
  if (value < 1e6) return `${digits(value / 1000)} KB`;
  if (value < 1e9) return `${digits(value / 1e6)} MB`;
  return `${digits(value / 1e9)} GB`;
}

/** A limit, which is a whole number of MiB. @param {number} value bytes */
export const mebibytes = (value) => `${digits(value / 2 ** 20)} MiB`;

/** @param {number | null | undefined} value bytes per second */
export const rate = (value) => (value === null || value === undefined ? gettext("not measured") : `${bytes(Math.round(value))}/s`);

/** @param {number} value with thin spaces between thousands */
export const count = (value) => Math.round(value).toString().replace(/\B(?=(\d{3})+$)/g, "\u202f");

/** @param {number | null | undefined} fraction */
export const percent = (fraction) => (fraction === null || fraction === undefined ? gettext("not measured") : `${decimal(fraction * 100, 1)} %`);

/** @param {number | null | undefined} value seconds */
export function seconds(value) {
  if (value === null || value === undefined) return gettext("never");
  const s = Math.max(0, value);
  if (s < 10) return `${decimal(s, 1)} s`;
  if (s < 120) return `${Math.round(s)} s`;
  if (s < 7200) return `${Math.round(s / 60)} min`;
  return s < 172800 ? `${Math.round(s / 3600)} h` : ngettext("%(count)s day", "%(count)s days", Math.round(s / 86400));
}

/** @param {number | null | undefined} value seconds */
export const ago = (value) => (value === null || value === undefined ? gettext("never") : value < 1.5 ? gettext("now") : gettext("%(time)s ago", { time: seconds(Math.round(value)) }));

/** How much smaller: 366×, 4.2×. @param {number} ratio */
export const times = (ratio) => `${ratio >= 10 ? count(ratio) : decimal(ratio, 1)}×`;

const DRAFTS = ["train", "watch"]; // no model looks at a photo

/** A step of a plan in a few words. @param {{task: string, question?: ?string, before?: number, receipt?: any}} step @param {number} [photos] of the question */
export function stepWords(step, photos = 1) {
  const task = entry("tasks", step.task), before = step.before ?? step.receipt?.before ?? 0;
  const words = task.shows_question && step.question ? `${task.label}: ${step.question}` : task.label;
  return before || (photos > 1 && !DRAFTS.includes(step.task)) ? `${words} (${photoName(before, photos)})` : words;
}

/** A photo of a question, which has `photos`, or of an earlier one. @param {number} before how many back @param {number} photos */
export const photoName = (before, photos) => (before < photos ? gettext("photo %(number)s", { number: photos - before }) : photoBefore(before - photos + 1));

/** Another photo of the conversation, by how many back it is. @param {number} count */
export const photoBefore = (count) => (count === 1 ? gettext("the previous photo") : ngettext("%(count)s photo back", "%(count)s photos back", count));

/** A candidate or a receipt in plain words: where it computes and, for a split, what it sends. @param {Method} candidate */
export function method(candidate) {
  const name = label("routes", candidate.route), sent = candidate.uplink_bytes ?? candidate.bytes;
  return candidate.route === "split" && typeof sent === "number" ? gettext("%(route)s, %(bytes)s sent", { route: name, bytes: bytes(Math.round(sent)) }) : name;
}

/** Its settings, for readers who know split points and codecs; null where there are none. @param {Method} candidate */
export function settings(candidate) {
  if (candidate.route === "edge") return photoSettings(candidate);
  if (candidate.route !== "split") return null;
  const values = { place: afterBlock(candidate.split_at ?? 0), level: candidate.level, refined: candidate.refine_to };
  return candidate.refine_to ? gettext("split %(place)s, level %(level)s, then %(refined)s if unsure", values) : gettext("split %(place)s, level %(level)s", values);
}

/** @param {Method} candidate */
function photoSettings(candidate) {
  if (!candidate.codec) return gettext("photo as stored");
  const values = { codec: codec(candidate), pixels: candidate.side };
  return candidate.side ? gettext("%(codec)s at %(pixels)s pixels", values) : gettext("%(codec)s at model size", values);
}

/** @param {number} k */
export const afterBlock = (k) => (k === 0 ? gettext("before block 1") : gettext("after block %(block)s", { block: k }));

/** "WebP 50" @param {{codec?: ?string, quality?: ?number}} encoding */
export const codec = ({ codec, quality }) => `${label("codecs", codec ?? "")} ${quality ?? ""}`.trim();

/** Which of the three colours a route has. @param {string} route */
export const placeOf = (route) => entry("routes", route).place ?? "";

/** "simulated: 250 KB/s, 4× slower" or null. @param {?{uplink_bytes_per_s: ?number, slowdown: ?number}} simulation */
export function simulated(simulation) {
  if (!simulation) return null;
  const parts = [simulation.uplink_bytes_per_s && rate(simulation.uplink_bytes_per_s), (simulation.slowdown ?? 1) > 1 && gettext("%(times)s× slower", { times: decimal(simulation.slowdown ?? 1) })];
  return gettext("simulated: %(limits)s", { limits: parts.filter(Boolean).join(", ") || gettext("on this machine") });
}

/** @param {number} value */
function digits(value) {
  return decimal(Number(value.toFixed(value >= 100 ? 0 : 1)));
}
