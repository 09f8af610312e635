/** Formats the numbers that templates leave in data attributes. */

import { all } from "../dom.js";
import * as format from "../format.js";

export function fillFigures() {
  for (const cell of all("[data-percent]")) cell.textContent = cell.dataset.percent === "" ? "–" : format.percent(Number(cell.dataset.percent));
  for (const cell of all("[data-bytes]")) cell.textContent = format.bytes(Number(cell.dataset.bytes));
  for (const cell of all("[data-seconds]")) cell.textContent = format.seconds(Number(cell.dataset.seconds));
}

/** A share from 0 to 1, or a dash if not measured. @param {?number} value */
export const share = (value) => (value === null || value === undefined ? "–" : format.percent(value));
