/** What left the device: the best picture the edge can make of the features it was sent, beside the photo. */

import { picture } from "../api.js";
import { el, sentence } from "../dom.js";
import * as format from "../format.js";

/** @param {any} receipt @param {import("./receipt.js").Place} place @returns {?HTMLElement} */
export function rebuilt(receipt, place, remembered) {
  if (receipt.route !== "split" || !place.photo) return null;
  const level = receipt.levels?.at(-1)?.level ?? receipt.level;
  const shown = el("div", { class: "pair" });
  const box = el("details", { class: "left", ...remembered("left") }, el("summary", {}, "What left the device"), shown, measure(receipt, level, place.rebuild));
  // Asked for when it is wanted: making it costs the edge time.
  const load = async () => {
    if (!box.open || shown.childElementCount) return;
    shown.append(figure(place.photo, `${place.photo.url}?small=1`, "The photo", `the photo, on ${receipt.device}`));
    shown.append(await made(receipt, level, place));
  };
  box.addEventListener("toggle", load);
  load();
  return box;
}

async function made(receipt, level, { turn, step, photo }) {
  try {
    const source = await picture(`/api/v1/turns/${turn}/steps/${step}/rebuild.jpg`);
    const shown = figure(photo, source, "What can be rebuilt from the features that were sent", `${receipt.edge}'s best rebuild, level ${level}`);
    shown.querySelector("img").addEventListener("load", () => URL.revokeObjectURL(source), { once: true });
    return shown;
  } catch (error) {
    return el("p", { class: "note" }, sentence(error));
  }
}

/** How good such rebuilds are, as measured on photos that trained nothing. */
function measure({ split_at: k, bytes, held }, level, measured) {
  const row = measured.find((one) => one.split_at === k && one.level === level);
  const sent = held ? `The edge still held level ${level} of this photo's features` : `${format.bytes(bytes.uplink)} of features left the device, not the photo`;
  const reached = row && `${row.psnr.toFixed(1)} dB PSNR and ${row.ssim.toFixed(2)} SSIM`;
  const told = row ? ` On photos never seen in training, a rebuild from this level reaches ${reached}; the photo itself would have an SSIM of 1.` : "";
  return el("p", { class: "hint" }, `${sent}.${told}`);
}

/** Both in the photo's own proportions: the model looks at it squashed to a square. */
function figure({ width, height }, src, alt, caption) {
  return el("figure", {}, el("img", { src, alt, style: `aspect-ratio: ${width} / ${height}` }), el("figcaption", {}, caption));
}
