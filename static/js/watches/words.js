/** How watches, events and what they cost are put into words. */

import * as format from "../format.js";
import { el } from "../dom.js";
import { decimal, gettext, ngettext } from "../i18n.js";

export const KINDS = {
  raised: gettext("seen"),
  camera_lost: gettext("camera lost"),
  camera_back: gettext("camera back"),
  camera_unsteady: gettext("camera unsteady"),
  camera_noise: gettext("camera shows noise"),
  camera_dark: gettext("camera dark"),
};
const FAULTS = ["camera_lost", "camera_unsteady", "camera_noise", "camera_dark"];
const MONTH_S = 30 * 86400, ENOUGH_S = 60; // what was watched for a shorter time says nothing about a month

export const isFault = (event) => FAULTS.includes(event.kind);

/** @param {any} event */
export function headline(event) {
  const values = { camera: event.camera, device: event.node, title: event.title };
  switch (event.kind) {
    case "camera_lost": return gettext("%(camera)s on %(device)s gives no picture", values);
    case "camera_back": return gettext("%(camera)s on %(device)s works again", values);
    case "camera_unsteady": return gettext("%(camera)s on %(device)s comes and goes", values);
    case "camera_noise": return gettext("%(camera)s on %(device)s shows nothing but noise", values);
    case "camera_dark": return gettext("%(camera)s on %(device)s is dark", values);
    default: return gettext("%(title)s on %(camera)s", values);
  }
}

/** @param {any} event */
export function certainty(event) {
  if (event.kind !== "raised") return event.seen;
  if (event.check === "checking") return gettext("The device is unsure; an edge is being asked.");
  if (event.check === "confirmed") return gettext("Confirmed by an edge.");
  if (event.check === "dismissed") return gettext("Dismissed by an edge: it sees nothing of the kind.");
  if (event.check === "undecided") return gettext("The device is unsure, and so is the edge.");
  if (event.check === "unchecked") return gettext("The device is unsure, and no edge could be asked.");
  return event.sure ? "" : gettext("The device is unsure.");
}

/** Why a watch that is on is not evaluated; empty where it is. @param {any} watch */
export function obstacle(watch) {
  const values = { camera: watch.camera, device: watch.node, run: watch.run, thing: watch.settings.looks_for, why: watch.unable };
  switch (watch.obstacle) {
    case "revoked": return gettext("%(device)s was revoked. Choose another camera, or delete this watch.", values);
    case "offline": return gettext("%(device)s does not answer. If it runs, it goes on watching and reports later.", values);
    case "no_camera": return gettext("%(device)s has no camera %(camera)s any more. Choose another one.", values);
    case "not_allowed": return gettext("You may not use %(camera)s of %(device)s any more. Ask an administrator.", values);
    case "no_model": return gettext("The model of run %(run)s does not exist any more. Choose another one.", values);
    case "no_class": return gettext("The model of run %(run)s does not know “%(thing)s” any more. Choose another class or model.", values);
    case "unable": return gettext("%(device)s cannot evaluate it now: %(why)s", values);
    case "fault": return gettext("The camera fails. It is watched again once it works.");
    default: return "";
  }
}

/** @param {number} joules */
export function energy(joules) {
  if (joules < 3600) return `${decimal(joules, joules < 10 ? 1 : 0)} J`;
  const wh = joules / 3600;
  return wh < 1000 ? `${decimal(wh, wh < 10 ? 1 : 0)} Wh` : `${decimal(wh / 1000, 1)} kWh`;
}

/** What a watch costs: a month of it in a sentence, and the numbers behind it. @param {any} cost or null */
export function monthly(cost) {
  if (!cost || cost.seconds < ENOUGH_S) return gettext("What a month of it costs is known after a few minutes.");
  const share = MONTH_S / cost.seconds, values = { bytes: format.bytes(Math.round(cost.bytes * share)) };
  if (cost.joules === null) return gettext("A month of it sends about %(bytes)s; the board does not measure its energy.", values);
  return gettext("A month of it sends about %(bytes)s and takes about %(energy)s.", { ...values, energy: energy(cost.joules * share) });
}

/** A watch's last 30 days, or the time since its event before. @param {any} cost */
export function numbers(cost) {
  const row = (label, value) => el("div", {}, el("dt", {}, label), el("dd", {}, value));
  return el("dl", { class: "figures" },
    cost.model && row(gettext("model"), gettext("run %(run)s", { run: cost.model.replace("run ", "") })),
    row(gettext("watched"), format.seconds(cost.seconds)),
    row(gettext("frames"), format.count(cost.frames)),
    row(gettext("a model looked at"), format.count(cost.looks)),
    row(gettext("computed"), format.ms(cost.ms)),
    row(gettext("energy of that"), cost.joules === null || cost.joules === undefined ? gettext("not measured by the board") : energy(cost.joules)),
    row(gettext("sent"), format.bytes(cost.bytes)));
}

/** Of an event: what left the device. @param {any} receipt */
export function sent(receipt) {
  const bytes = format.bytes((receipt.bytes ?? 0) + (receipt.check_bytes ?? 0) + (receipt.shown_bytes ?? 0));
  return receipt.photo_left_device ? gettext("The picture left the device; %(bytes)s sent.", { bytes }) : gettext("The picture stayed on the device; %(bytes)s sent.", { bytes });
}

/** How long something lasted. @param {string} from @param {string} until ISO 8601 */
export const lasted = (from, until) => format.seconds((new Date(until).getTime() - new Date(from).getTime()) / 1000);

/** @param {number} count of events that were lost */
export const dropped = (count) =>
  ngettext("%(count)s earlier event was lost while the server was away.", "%(count)s earlier events were lost while the server was away.", count);
