/** What the pages of batches say about states and progress. */

import { el } from "../dom.js";
import * as format from "../format.js";
import { decimal, gettext, ngettext } from "../i18n.js";

/** @type {Record<string, string>} of a batch */
export const STATES = { running: gettext("running"), paused: gettext("paused"), stopped: gettext("stopped"), done: gettext("done") };
/** @type {Record<string, string>} of a photo in it */
export const ITEM_STATES = { waiting: gettext("waiting"), running: gettext("being asked"), answered: gettext("answered"), failed: gettext("failed") };

/** @param {string} state */
export const stateBadge = (state) => el("span", { class: `batch-state ${state}` }, STATES[state] ?? state);

/** "12 of 40 answered · 3 failed · about 20 s left" @param {any} batch */
export function progressWords({ counts, total, seconds_left: left, per_s: rate, state, waits, folder }) {
  const parts = [gettext("%(answered)s of %(total)s answered", { answered: format.count(counts.answered), total: format.count(total) })];
  if (counts.failed) parts.push(ngettext("%(count)s failed", "%(count)s failed", counts.failed));
  if (waits) parts.push(gettext("%(device)s cannot be asked now; the batch goes on when it can", folder));
  else if (state === "running") parts.push(left === null ? gettext("measuring how fast it goes…") : gettext("about %(time)s left", { time: format.seconds(left) }));
  if (rate) parts.push(rateWords(rate));
  return parts.join(" · ");
}

/** @param {number} perSecond */
export function rateWords(perSecond) {
  if (perSecond >= 1) return gettext("%(rate)s photos per second", { rate: decimal(perSecond, 1) });
  return gettext("%(rate)s photos per minute", { rate: decimal(60 * perSecond, 0) });
}

/** What crossed the link against the photos' own files; null before an answer. @param {{photos: number, link: number}} bytes */
export function savedWords({ photos, link }) {
  if (!photos) return null;
  const values = { link: format.bytes(link), photos: format.bytes(photos), times: link ? format.times(photos / link) : "" };
  if (link && photos > link) return gettext("%(link)s crossed the link; the photos themselves have %(photos)s, %(times)s as much.", values);
  return gettext("%(link)s crossed the link; the photos themselves have %(photos)s.", values);
}
