/** How sure an answer is: a word or two, what they mean, and the number behind them, the same words in every place. */

import { decimal, gettext } from "../i18n.js";
import { entry } from "../labels.js";

/** "Probably right", "A guess" and so on; null without an answer. @param {any} receipt @returns {?string} */
export function certaintyWords(receipt) {
  const name = certaintyOf(receipt);
  return name && entry("certainties", name).label;
}

/** Whether the answer is a guess at best. @param {any} receipt */
export const isDoubtful = (receipt) => ["guess", "none"].includes(certaintyOf(receipt) || "");

/** Receipts of earlier versions say no more than whether the model was sure. @param {any} receipt @returns {?string} */
function certaintyOf({ certainty, sure, confidence }) {
  if (typeof confidence !== "number" || typeof sure !== "boolean") return null;
  return certainty || (sure ? "probable" : "guess");
}

/** "Confidence 0.80, calibrated on held-out photos." and what the words for it mean, or null where the model gave none. @param {any} receipt @returns {?string} */
export function confidenceText({ task, confidence, certainty, model }) {
  if (typeof confidence !== "number") return null;
  const meaning = model ? gettext("not calibrated") : entry("tasks", task).confidence;
  const scale = !model && certainty && entry("certainties", certainty).explanation;
  return [`${[gettext("Confidence %(number)s", { number: decimal(confidence, 2) }), meaning].filter(Boolean).join(", ")}.`, scale].filter(Boolean).join(" ");
}
