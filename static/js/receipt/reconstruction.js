/** What left the device: the best reconstruction from the features that were sent, beside the photo. */

import { picture } from "../api.js";
import { el, sentence } from "../dom.js";
import * as format from "../format.js";
import { decimal, gettext } from "../i18n.js";

/** @param {any} receipt @param {import("./receipt.js").Place} place @returns {?HTMLElement} */
export function reconstruction(receipt, place, remembered) {
  if (receipt.crop) return null; // features of a part are not kept
  if (receipt.route !== "split" || !place.photo) return null;
  const level = receipt.levels?.at(-1)?.level ?? receipt.level;
  const shown = el("div", { class: "pair" });
  const box = el("details", { class: "left", ...remembered("left") }, el("summary", {}, gettext("What left the device")), shown, measure(receipt, level, place.reconstruction));
  // Loaded on demand: it costs the edge time.
  const open = async () => {
    if (!box.open || shown.childElementCount) return;
    shown.append(figure(place.photo, `${place.photo.url}?small=1`, gettext("The photo"), gettext("the photo, on %(device)s", { device: receipt.device })));
    shown.append(await load(receipt, level, place));
  };
  box.addEventListener("toggle", open);
  open();
  return box;
}

async function load(receipt, level, { turn, step, photo }) {
  try {
    const source = await picture(`/api/v1/turns/${turn}/steps/${step}/rebuild.jpg`);
    const shown = figure(photo, source, gettext("Reconstruction from the features that were sent"), gettext("reconstructed on %(edge)s, level %(level)s", { edge: receipt.edge, level }));
    shown.querySelector("img")?.addEventListener("load", () => URL.revokeObjectURL(source), { once: true });
    return shown;
  } catch (error) {
    return el("p", { class: "note" }, sentence(error));
  }
}

/** Reconstruction quality on held-out photos. */
function measure({ split_at: k, bytes, held }, level, measured) {
  const row = measured.find((entry) => entry.split_at === k && entry.level === level);
  const sent = held ? gettext("The edge had level %(level)s of this photo's features cached.", { level })
    : gettext("%(bytes)s of features left the device, not the photo.", { bytes: format.bytes(bytes.uplink) });
  const quality = row && gettext("On held-out photos, reconstructions from this level reach %(psnr)s dB PSNR and %(ssim)s SSIM (1 is identical).",
    { psnr: decimal(row.psnr, 1), ssim: decimal(row.ssim, 2) });
  return el("p", { class: "hint" }, [sent, quality].filter(Boolean).join(" "));
}

/** Both in the photo's own proportions, although the model sees a square. */
function figure({ width, height }, src, alt, caption) {
  return el("figure", {}, el("img", { src, alt, style: `aspect-ratio: ${width} / ${height}` }), el("figcaption", {}, caption));
}
