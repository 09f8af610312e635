/** The row of facts under the drawing. */

import { el } from "../dom.js";
import * as format from "../format.js";
import { certaintyWords, confidenceText, isDoubtful } from "./certainty.js";
import { spansOf } from "./spans.js";
import { gettext, ngettext, withElements } from "../i18n.js";

/** @param {any} receipt a finished one @param {?any} photo that it is about @param {number} [photos] of the question */
export function facts(receipt, photo, photos = 1) {
  const rows = [otherPhoto, part, total, runModel, largeModel, saved, transfer, certainty, prediction, company, prefetch, placing, simulation].map((fact) => fact(receipt, photo, photos));
  return el("ul", { class: "facts" }, rows.filter(Boolean));
}

function total({ actual_ms: a }) {
  return el("li", {}, withElements(gettext("%(time)s total"), { time: el("b", {}, spansOf(a).total) }));
}

/** Which photo, if not the one above; only its owner can open it. */
function otherPhoto({ before, photo }, turnPhoto, photos) {
  if (!before && photos < 2) return null;
  const words = format.photoName(before, photos);
  return el("li", {}, withElements(gettext("about %(photo)s"), { photo: turnPhoto ? el("a", { href: `/photos/${photo}/` }, words) : words }));
}

/** Which part of the photo, where that was not the whole. */
function part({ crop }) {
  if (!crop) return null;
  const edges = { left: format.percent(crop.left), right: format.percent(crop.right), top: format.percent(crop.top), bottom: format.percent(crop.bottom) };
  return el("li", { title: gettext("From the left %(left)s to %(right)s, from the top %(top)s to %(bottom)s", edges) },
    withElements(gettext("looked at %(share)s of the photo"), { share: el("b", {}, format.percent((crop.right - crop.left) * (crop.bottom - crop.top))) }));
}

/** The training run whose model answered, if the question named one. */
function runModel({ model, bytes, device }) {
  if (!model) return null;
  const name = el("a", { href: `/federation/${model.replace("run ", "")}/` }, model);
  const delivery = bytes.model ? gettext("answered by %(model)s; its model (%(bytes)s) was sent to %(device)s") : gettext("answered by %(model)s; %(device)s had its model already");
  return el("li", { title: gettext("The model goes to the photo, not the photo to the model") },
    withElements(delivery, { model: el("b", {}, name), bytes: format.bytes(bytes.model), device }));
}

/** Of the small models nobody asks which; earlier receipts do not say. */
function largeModel({ profile, answered_by: name }) {
  if (!name || profile === "compact") return null;
  return el("li", {}, withElements(gettext("answered by %(model)s"), { model: el("b", {}, name) }));
}

function saved({ bytes, held }) {
  if (held && !bytes.uplink) return el("li", {}, withElements(gettext("%(nothing)s: the edge had this photo's features cached"), { nothing: el("b", {}, gettext("nothing was sent")) }));
  const ratio = bytes.photo / bytes.uplink;
  if (!bytes.uplink || ratio < 1.05) return el("li", {}, withElements(gettext("%(bytes)s sent over the link"), { bytes: el("b", {}, format.bytes(bytes.uplink)) }));
  const detail = gettext("%(sent)s of %(all)s bytes", { sent: format.count(bytes.uplink), all: format.count(bytes.photo) });
  return el("li", { title: detail }, withElements(gettext("%(times)s fewer bytes than the photo"), { times: el("b", {}, format.times(ratio)) }));
}

/** What went where; an upload is on the server as well. @param {any} receipt @param {?any} photo of the turn */
function transfer(receipt, photo) {
  const { device, edge, bytes, photo_left_device: photoSent } = receipt;
  if (photoSent) {
    const sentence = receipt.codec ? gettext("the photo was %(sent)s as %(codec)s") : gettext("the photo was %(sent)s");
    return el("li", {}, withElements(sentence, { sent: el("b", {}, gettext("sent to %(edge)s", { edge })), codec: receipt.codec && format.codec(receipt) }));
  }
  const uploaded = receipt.on_server ?? (receipt.before ? bytes.placing > 0 : (photo?.on_server ?? bytes.placing > 0)); // older receipts do not say
  if (!uploaded) return el("li", {}, withElements(gettext("the photo %(stayed)s"), { stayed: el("b", {}, gettext("stayed on the device")) }));
  const sentence = bytes.uplink ? gettext("only %(bytes)s went from %(device)s to %(edge)s; the server keeps your upload") : gettext("%(bytes)s left %(device)s; the server keeps your upload");
  return el("li", {}, withElements(sentence, { bytes: el("b", {}, bytes.uplink ? format.bytes(bytes.uplink) : gettext("nothing")), device, edge }));
}

/** In words, as the sentence of the answer; the number is in the details of the receipt. @param {any} receipt */
function certainty(receipt) {
  const words = certaintyWords(receipt);
  return words && el("li", { title: confidenceText(receipt), ...(isDoubtful(receipt) ? { class: "unsure" } : {}) }, el("b", {}, words));
}

function prediction({ predicted_ms: predicted, actual_ms: actual }) {
  if (predicted === null || predicted === undefined) return el("li", {}, gettext("no prediction"));
  return el("li", { title: gettext("Predicted before it ran") },
    withElements(gettext("predicted %(predicted)s, took %(actual)s"), { predicted: el("b", {}, format.ms(predicted)), actual: spansOf(actual).total }));
}

/** @param {any} receipt */
function company({ batch }) {
  if (!(batch > 1)) return null;
  const others = batch === 2 ? gettext("another answer") : ngettext("%(count)s other answer", "%(count)s other answers", batch - 1);
  return el("li", { title: gettext("They waited together, and the time of all of them is the time of each") },
    withElements(gettext("computed together with %(others)s"), { others: el("b", {}, others) }));
}

/** What was computed while the question was still being typed. */
function prefetch({ ready }) {
  const done = ready?.head && withElements(gettext("%(ready)s: the first part was already computed"), { ready: el("b", {}, gettext("ready before you asked")) });
  const hidden = ready?.plan_ms_hidden >= 1 && gettext("%(time)s of planning in parallel", { time: format.ms(ready.plan_ms_hidden) });
  if (!done && !hidden) return null;
  return el("li", { title: gettext("Done in parallel, so it did not delay the answer") }, done, done && hidden && "; ", hidden);
}

function placing({ bytes, device }) {
  if (!bytes.placing) return null;
  return el("li", { title: gettext("An upload stands in for a photo from the device's camera, so copying it there does not count as uplink") },
    gettext("copied to %(device)s first: %(bytes)s, not counted", { device, bytes: format.bytes(bytes.placing) }));
}

function simulation({ simulated, device, edge }) {
  const sides = [[device, simulated?.device], [edge, simulated?.edge]].filter(([, facts]) => facts);
  if (!sides.length) return null;
  const detail = sides.map(([name, facts]) => gettext("%(node)s is %(simulated)s", { node: name, simulated: format.simulated(facts) })).join("; ");
  return el("li", { class: "chip simulated", title: detail }, format.simulated(sides[0][1]));
}
