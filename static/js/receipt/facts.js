/** The row of facts under the drawing. */

import { el } from "../dom.js";
import * as format from "../format.js";
import { certaintyWords, confidenceText, isDoubtful } from "./certainty.js";
import { spansOf } from "./spans.js";

/** @param {any} receipt a finished one @param {?any} photo of the turn */
export function facts(receipt, photo) {
  const rows = [otherPhoto, total, runModel, largeModel, saved, transfer, certainty, prediction, company, prefetch, placing, simulation].map((fact) => fact(receipt, photo));
  return el("ul", { class: "facts" }, rows.filter(Boolean));
}

function total({ actual_ms: a }) {
  return el("li", {}, el("b", {}, spansOf(a).total), " total");
}

/** Which photo, if not the one above. */
function otherPhoto({ before, photo }) {
  if (!before) return null;
  return el("li", {}, "about ", el("a", { href: `/photos/${photo}/` }, format.photoBefore(before)));
}

/** The training run whose model answered, if the question named one. */
function runModel({ model, bytes, device }) {
  if (!model) return null;
  const name = el("a", { href: `/federation/${model.replace("run ", "")}/` }, model);
  const delivery = bytes.model ? `; its model (${format.bytes(bytes.model)}) was sent to ${device}` : `; ${device} had its model already`;
  return el("li", { title: "The model goes to the photo, not the photo to the model" }, "answered by ", el("b", {}, name), delivery);
}

/** Of the small models nobody asks which; earlier receipts do not say. */
function largeModel({ profile, answered_by: name }) {
  if (!name || profile === "compact") return null;
  return el("li", {}, "answered by ", el("b", {}, name));
}

function saved({ bytes, held }) {
  if (held && !bytes.uplink) return el("li", {}, el("b", {}, "nothing was sent"), ": the edge had this photo's features cached");
  if (!bytes.uplink) return el("li", {}, el("b", {}, "0 B"), " sent over the link");
  const ratio = bytes.photo / bytes.uplink;
  if (ratio < 1.05) return el("li", {}, el("b", {}, format.bytes(bytes.uplink)), " sent over the link");
  const detail = `${format.count(bytes.uplink)} of ${format.count(bytes.photo)} bytes`;
  return el("li", { title: detail }, el("b", {}, format.times(ratio)), " fewer bytes than the photo");
}

/** What went where; an upload is on the server as well. @param {any} receipt @param {?any} photo of the turn */
function transfer(receipt, photo) {
  const { device, edge, bytes, photo_left_device: photoSent } = receipt;
  if (photoSent) return el("li", {}, "the photo was ", el("b", {}, `sent to ${edge}`), receipt.codec && ` as ${format.codec(receipt)}`);
  const uploaded = receipt.on_server ?? (receipt.before ? bytes.placing > 0 : (photo?.on_server ?? bytes.placing > 0)); // older receipts do not say
  if (!uploaded) return el("li", {}, "the photo ", el("b", {}, "stayed on the device"));
  const sent = bytes.uplink ? ["only ", el("b", {}, format.bytes(bytes.uplink)), ` went from ${device} to ${edge}`] : [el("b", {}, "nothing"), ` left ${device}`];
  return el("li", {}, sent, "; the server keeps your upload");
}

/** In words, as the sentence of the answer; the number is in the details of the receipt. @param {any} receipt */
function certainty(receipt) {
  const words = certaintyWords(receipt);
  return words && el("li", { title: confidenceText(receipt), ...(isDoubtful(receipt) ? { class: "unsure" } : {}) }, el("b", {}, words));
}

function prediction({ predicted_ms: predicted, actual_ms: actual }) {
  if (predicted === null || predicted === undefined) return el("li", {}, "no prediction");
  return el("li", { title: "Predicted before it ran" }, "predicted ", el("b", {}, format.ms(predicted)), `, took ${spansOf(actual).total}`);
}

/** @param {any} receipt */
function company({ batch }) {
  if (!(batch > 1)) return null;
  return el("li", { title: "They waited together, and the time of all of them is the time of each" },
    "computed together with ", el("b", {}, batch === 2 ? "another answer" : `${batch - 1} other answers`));
}

/** What was computed while the question was still being typed. */
function prefetch({ ready }) {
  const done = ready?.head && [el("b", {}, "ready before you asked"), ": the first part was already computed"];
  const hidden = ready?.plan_ms_hidden >= 1 && `${format.ms(ready.plan_ms_hidden)} of planning in parallel`;
  if (!done && !hidden) return null;
  return el("li", { title: "Done in parallel, so it did not delay the answer" }, done, done && hidden && "; ", hidden);
}

function placing({ bytes, device }) {
  if (!bytes.placing) return null;
  return el("li", { title: "An upload stands in for a photo from the device's camera, so copying it there does not count as uplink" },
    `copied to ${device} first: ${format.bytes(bytes.placing)}, not counted`);
}

function simulation({ simulated, device, edge }) {
  const sides = [[device, simulated?.device], [edge, simulated?.edge]].filter(([, facts]) => facts);
  if (!sides.length) return null;
  const detail = sides.map(([name, facts]) => `${name} is ${format.simulated(facts)}`).join("; ");
  return el("li", { class: "chip simulated", title: detail }, format.simulated(sides[0][1]));
}
