/**
 * Where every photo of the library lies: days with a heading, rows of squares below. Pure.
 *
 * @typedef {{day: number, title?: string, count: number}} Section `day`: a moment in it; `title`: shown instead
 * @typedef {Section & {start: number, rows: number, top: number, height: number, row: number}} Day
 *   `start`: the place of its first photo; `row`: rows of the grid before it, headings among them
 * @typedef {{columns: number, cell: number, step: number, days: Day[], height: number, rows: number}} Layout pixels; `step`: from
 *   one row to the next
 */

export const GAP = 4, HEADING = 44;
const SLOT_MS = 900_000;

/** Groups by day, in the viewer's time zone. @param {{slot: number, count: number}[]} groups @returns {{day: number, count: number}[]} */
export function byDay(groups) {
  /** @type {{key: string, day: number, count: number}[]} */
  const days = [];
  for (const { slot, count } of groups) {
    const moment = new Date(slot * SLOT_MS), key = `${moment.getFullYear()}-${moment.getMonth()}-${moment.getDate()}`;
    const last = days.at(-1);
    if (last?.key === key) last.count += count;
    else days.push({ key, day: moment.getTime(), count });
  }
  return days;
}

/** @param {Section[]} days @param {number} width @param {number} [caption] the height of the words below a square @returns {Layout} */
export function lay(days, width, caption = 0) {
  const least = width < 600 ? 104 : 164, columns = Math.max(3, Math.floor((width + GAP) / (least + GAP)));
  const cell = (width + GAP) / columns - GAP, step = cell + GAP + caption;
  let top = 0, start = 0, row = 0;
  const placed = days.map(({ day, title, count }) => {
    const rows = Math.ceil(count / columns), height = HEADING + rows * step;
    const entry = { day, title, start, count, rows, top, height, row };
    top += height;
    start += count;
    row += rows + 1;
    return entry;
  });
  return { columns, cell, step, days: placed, height: top, rows: row };
}

/** The index of the last day for which `key` is not beyond `value`. @param {Day[]} days @param {"top" | "start"} key @param {number} value */
export function dayAt(days, key, value) {
  let low = 0, high = days.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (days[middle][key] <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The rows between two heights, and those that stay in any case. @param {Layout} layout @param {number} from @param {number} to
 * @returns {{day: Day, row: number}[]} row -1 is the heading */
export function rowsBetween(layout, from, to) {
  const rows = [], { days, step } = layout;
  for (let index = dayAt(days, "top", from); index < days.length && days[index].top < to; index++) {
    const day = days[index];
    if (day.top + HEADING > from) rows.push({ day, row: -1 });
    const first = Math.max(0, Math.floor((from - day.top - HEADING) / step));
    for (let row = first; row < day.rows && day.top + HEADING + row * step < to; row++) rows.push({ day, row });
  }
  return rows;
}

/** @param {Layout} layout @param {number} place @returns {{day: Day, row: number, column: number, top: number}} */
export function positionOf({ days, columns, step }, place) {
  const day = days[dayAt(days, "start", place)], row = Math.floor((place - day.start) / columns);
  return { day, row, column: (place - day.start) % columns, top: day.top + HEADING + row * step };
}

/** The place above or below, in the same column where its row is long enough. @param {Layout} layout @param {number} place @param {number} rows */
export function vertically(layout, place, rows) {
  const { days, columns } = layout, { day, row, column } = positionOf(layout, place);
  let index = days.indexOf(day), target = row + rows;
  while (target < 0 && index > 0) target += days[--index].rows;
  while (target >= days[index].rows && index < days.length - 1) target -= days[index++].rows;
  const bounded = Math.min(Math.max(target, 0), days[index].rows - 1);
  if (target < 0) return day.start + column; // the first row
  return Math.min(days[index].start + bounded * columns + column, days[index].start + days[index].count - 1);
}
