/** How events and their costs are put into words. */

import * as format from "../format.js";
import { gettext, ngettext } from "../i18n.js";

export const KINDS = {
  raised: gettext("seen"),
  camera_lost: gettext("camera lost"),
  camera_back: gettext("camera back"),
  camera_unsteady: gettext("camera unsteady"),
  camera_noise: gettext("camera shows noise"),
};

export const isFault = (event) => ["camera_lost", "camera_unsteady", "camera_noise"].includes(event.kind);

/** @param {any} event */
export function headline(event) {
  const values = { camera: event.camera, device: event.node, title: event.title };
  switch (event.kind) {
    case "camera_lost": return gettext("%(camera)s on %(device)s gives no picture", values);
    case "camera_back": return gettext("%(camera)s on %(device)s works again", values);
    case "camera_unsteady": return gettext("%(camera)s on %(device)s comes and goes", values);
    case "camera_noise": return gettext("%(camera)s on %(device)s shows nothing but noise", values);
    default: return gettext("%(title)s on %(camera)s", values);
  }
}

/** @param {any} event */
export function certainty(event) {
  if (event.kind !== "raised") return event.seen;
  if (event.check === "checking") return gettext("The device is unsure; an edge is being asked.");
  if (event.check === "confirmed") return gettext("Confirmed by an edge.");
  if (event.check === "dismissed") return gettext("Dismissed by an edge: it sees nothing of the kind.");
  if (event.check === "unchecked") return gettext("The device is unsure, and no edge could be asked.");
  return event.sure ? "" : gettext("The device is unsure.");
}

/** What it cost, since the watch's event before it. @param {any} receipt */
export function cost(receipt) {
  if (!receipt.frames) return "";
  const frames = ngettext("%(count)s frame", "%(count)s frames", receipt.frames);
  const looks = ngettext("the model looked at %(count)s", "the model looked at %(count)s", receipt.looks);
  const bytes = (receipt.bytes ?? 0) + (receipt.check_bytes ?? 0) + (receipt.shown_bytes ?? 0);
  const left = receipt.photo_left_device ? gettext("the picture left the device") : gettext("the picture stayed on the device");
  return [frames, looks, format.ms(receipt.ms), gettext("%(bytes)s sent", { bytes: format.bytes(bytes) }), left].join(" · ");
}
