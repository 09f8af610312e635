/** The receipts of one answer, over the table. */

import { call } from "../api.js";
import { byId, el, sentence } from "../dom.js";
import * as format from "../format.js";
import { gettext } from "../i18n.js";
import { receiptOf } from "../receipt/receipt.js";

/** @param {any} item @param {any[]} rebuild quality of reconstruction, from the model card */
export async function openReceipt(item, rebuild) {
  const dialog = byId("receipt"), close = el("button", { type: "button", class: "small", onclick: () => dialog.close() }, gettext("Close"));
  const body = el("div", { class: "stack" }, el("p", { class: "hint" }, gettext("Loading…")));
  dialog.replaceChildren(el("div", { class: "head" }, el("h2", { class: "title" }, item.answer), close), body);
  dialog.showModal();
  try {
    const turn = await call("GET", `/api/v1/turns/${item.turn}`), opened = new Set();
    body.replaceChildren(...turn.steps.filter(({ receipt }) => receipt?.actual_ms).map((step) => el("section", { "aria-label": format.stepWords(step) },
      el("h3", {}, format.stepWords(step)), receiptOf(step.receipt, { turn: turn.id, step: step.id, photo: turn.photo, reconstruction: rebuild, opened }))));
  } catch (error) {
    body.replaceChildren(el("p", { class: "note error", role: "alert" }, sentence(error)));
  }
}
