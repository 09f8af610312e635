/** Numbers for people, always with their unit. Every function takes null for "not known". */

const UNKNOWN = "not available";

/** @param {?number} value milliseconds */
export function ms(value) {
  if (value === null || value === undefined) return "unknown";
  if (value >= 10000) return `${(value / 1000).toFixed(0)} s`;
  if (value >= 1000) return `${(value / 1000).toFixed(1)} s`;
  return `${value >= 10 || value === 0 ? Math.round(value) : value.toFixed(1)} ms`;
}

/** @param {?number} value bytes; 1 KB is 1000 bytes, as links are sold */
export function bytes(value) {
  if (value === null || value === undefined) return UNKNOWN;
  if (value < 1000) return `${value} B`;
  if (value < 1e6) return `${digits(value / 1000)} KB`;
  return `${digits(value / 1e6)} MB`;
}

/** @param {?number} value bytes per second */
export const rate = (value) => (value === null || value === undefined ? "not measured" : `${bytes(Math.round(value))}/s`);

/** @param {number} value with thin spaces between thousands */
export const count = (value) => Math.round(value).toString().replace(/\B(?=(\d{3})+$)/g, "\u202f");

/** @param {?number} fraction */
export const percent = (fraction) => (fraction === null || fraction === undefined ? "not measured" : `${(fraction * 100).toFixed(1)} %`);

/** @param {?number} value seconds */
export function seconds(value) {
  if (value === null || value === undefined) return "never";
  const s = Math.max(0, value);
  if (s < 10) return `${s.toFixed(1)} s`;
  if (s < 120) return `${Math.round(s)} s`;
  if (s < 7200) return `${Math.round(s / 60)} min`;
  return s < 172800 ? `${Math.round(s / 3600)} h` : `${Math.round(s / 86400)} days`;
}

/** @param {?number} value seconds */
export const ago = (value) => (value === null || value === undefined ? "never" : value < 1.5 ? "now" : `${seconds(Math.round(value))} ago`);

/** How much smaller: 366×, 4.2×. @param {number} ratio */
export const times = (ratio) => `${ratio >= 10 ? count(ratio) : ratio.toFixed(1)}×`;

const TASKS = { classify: "what is it", caption: "describe", vqa: "question", train: "training" };

/** A step of a plan in a few words. @param {{task: string, question?: ?string, before?: number, receipt?: any}} step */
export function stepWords(step) {
  const name = TASKS[step.task] ?? step.task, before = step.before ?? step.receipt?.before;
  const words = step.task === "vqa" && step.question ? `${name}: ${step.question}` : name;
  return before ? `${words} (${photoBefore(before)})` : words;
}

/** Another photo of the conversation, by how many back it is. */
export const photoBefore = (count) => (count === 1 ? "the photo before" : `the photo ${count} before`);

/** A candidate or a receipt as a way of answering. */
export function way(candidate) {
  if (candidate.route === "device") return "all on the device";
  if (candidate.route === "split") return `split ${afterBlock(candidate.split_at)}, level ${candidate.level}${candidate.refine_to ? `, then ${candidate.refine_to} if unsure` : ""}`;
  return candidate.codec ? `edge, ${codec(candidate)} at model size` : "edge, photo as kept";
}

/** @param {number} k */
export const afterBlock = (k) => (k === 0 ? "before block 1" : `after block ${k}`);

/** "WebP 50" @param {{codec: string, quality: number}} encoding */
export const codec = ({ codec, quality }) => `${{ webp: "WebP", jpeg: "JPEG", avif: "AVIF" }[codec] ?? codec} ${quality ?? ""}`.trim();

/** Which of the three colours a route has: a split is about the link. */
export const placeOf = (route) => ({ device: "device", edge: "edge", split: "link" })[route] ?? "";

/** "simulated: 250 KB/s, 4× slower" or null. @param {?{uplink_bytes_per_s: ?number, slowdown: ?number}} told */
export function simulated(told) {
  if (!told) return null;
  const parts = [told.uplink_bytes_per_s && rate(told.uplink_bytes_per_s), told.slowdown > 1 && `${told.slowdown}× slower`];
  return `simulated: ${parts.filter(Boolean).join(", ") || "on this machine"}`;
}

function digits(value) {
  return value >= 100 ? value.toFixed(0) : value.toFixed(1).replace(/\.0$/, "");
}
