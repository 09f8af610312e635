/** The row of facts under the drawing. */

import { el } from "../dom.js";
import * as format from "../format.js";

/** @param {any} receipt a finished one */
export function facts(receipt) {
  const rows = [looked, total, learned, saved, whereabouts, sureness, foretold, ahead, placing, simulation].map((fact) => fact(receipt));
  return el("ul", { class: "facts" }, rows.filter(Boolean));
}

function total({ actual_ms: a }) {
  const detail = `device ${format.ms(a.device)}, link ${format.ms(a.uplink)}, edge ${format.ms(a.edge)}, waiting for a node ${format.ms(a.queue)}, everything else ${format.ms(a.overhead)}`;
  return el("li", { title: detail }, el("b", {}, format.ms(a.total)), " in all");
}

/** Which photo, where it is not the one above. */
function looked({ before, photo }) {
  if (!before) return null;
  return el("li", {}, "looked at ", el("a", { href: `/photos/${photo}/` }, format.photoBefore(before)));
}

/** Whose model it was, where a training run was named. */
function learned({ model, bytes, device }) {
  if (!model) return null;
  const name = el("a", { href: `/federation/${model.replace("run ", "")}/` }, model);
  const came = bytes.model ? `, whose model of ${format.bytes(bytes.model)} came to ${device}` : `, whose model ${device} had already`;
  return el("li", { title: "The model goes to the photo, not the photo to the model" }, "answered by ", el("b", {}, name), came);
}

function saved({ bytes, held }) {
  if (held && !bytes.uplink) return el("li", {}, el("b", {}, "nothing was sent"), ": the features of this photo are still at the edge");
  if (!bytes.uplink) return el("li", {}, el("b", {}, "0 B"), " crossed the link");
  const ratio = bytes.photo / bytes.uplink;
  if (ratio < 1.05) return el("li", {}, el("b", {}, format.bytes(bytes.uplink)), " crossed the link");
  const detail = `${format.count(bytes.uplink)} of ${format.count(bytes.photo)} bytes`;
  return el("li", { title: detail }, el("b", {}, format.times(ratio)), " fewer bytes than the photo");
}

function whereabouts(receipt) {
  if (!receipt.photo_left_device) return el("li", {}, "the photo ", el("b", {}, "stayed on the device"));
  return el("li", {}, "the photo was ", el("b", {}, `sent to ${receipt.edge}`), receipt.codec && ` as ${format.codec(receipt)}`);
}

function sureness({ confidence, sure, model }) {
  if (confidence === null || confidence === undefined) return null;
  const value = confidence.toFixed(2);
  if (sure === false) return el("li", { class: "unsure", title: "Below the confidence at which this model is usually right" }, el("b", {}, "not sure"), ` (${value})`);
  const title = model ? "The model's own confidence, which nobody calibrated" : "The model's own confidence, calibrated on held-out photos";
  return el("li", { title }, "sure: ", el("b", {}, value));
}

function foretold({ predicted_ms: predicted, actual_ms: actual }) {
  if (predicted === null || predicted === undefined) return el("li", {}, "nothing was predicted");
  return el("li", { title: "What placement expected of this way, before it ran" }, "predicted ", el("b", {}, format.ms(predicted)), `, took ${format.ms(actual.total)}`);
}

/** What was done while the person still typed; that a photo lies where it lay before is no news. */
function ahead({ ready }) {
  const done = ready?.head && [el("b", {}, "ready before you asked"), ": the first part was computed"];
  const hidden = ready?.plan_ms_hidden >= 1 && `${format.ms(ready.plan_ms_hidden)} of planning beside other work`;
  if (!done && !hidden) return null;
  return el("li", { title: "Done meanwhile, so it took no time of the answer" }, done, done && hidden && "; ", hidden);
}

function placing({ bytes, device }) {
  if (!bytes.placing) return null;
  return el("li", { title: "An upload stands for a photo the device's camera took, so bringing it there is not counted as uplink" },
    `placed on ${device} first: ${format.bytes(bytes.placing)}, not counted`);
}

function simulation({ simulated, device, edge }) {
  const told = [[device, simulated?.device], [edge, simulated?.edge]].filter(([, facts]) => facts);
  if (!told.length) return null;
  const detail = told.map(([name, facts]) => `${name} is ${format.simulated(facts)}`).join("; ");
  return el("li", { class: "chip simulated", title: detail }, format.simulated(told[0][1]));
}
