/** How sure an answer is: two words, and the number behind them. The words come from the task, so every place says the same. */

import { entry } from "../labels.js";

/** "Probably right" or "A guess"; null where nothing can be said. @param {any} receipt @returns {?string} */
export function certaintyWords({ task, sure, confidence }) {
  if (typeof confidence !== "number" || typeof sure !== "boolean") return null;
  return entry("tasks", task).certainty?.[sure ? "sure" : "unsure"] || null;
}

/** "Confidence 0.80, calibrated on held-out photos.", or null where the model gave none. @param {any} receipt @returns {?string} */
export function confidenceText({ task, confidence, model }) {
  if (typeof confidence !== "number") return null;
  const meaning = model ? "not calibrated" : entry("tasks", task).confidence;
  return `${[`Confidence ${confidence.toFixed(2)}`, meaning].filter(Boolean).join(", ")}.`;
}
