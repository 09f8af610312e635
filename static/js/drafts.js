/**
 * What somebody was about to ask: kept in this browser, by account and conversation, until it is sent or they log out.
 *
 * @typedef {{question: string, photos: any[], how: ?{node: ?string, route: ?string, policy: string}}} Draft
 *   `photos`: as the server described them once they were stored, with the names they were shown by
 */

import { forget as forgetSelection } from "./library/handover.js";

const PREFIX = "isthmus.draft.";
const CHOICE = "isthmus.how."; // the options of the last question, for the next conversation
const account = () => document.body.dataset.account ?? "";

/** @param {string} conversation its id, or "" for one that has not begun */
export const draftKey = (conversation) => `${PREFIX}${account()}.${conversation || "new"}`;
/** An edit of the last question that was not sent yet. @param {string} conversation */
export const editKey = (conversation) => `${PREFIX}${account()}.edit.${conversation}`;
export const choiceKey = () => `${CHOICE}${account()}`;

/** @param {string} key @returns {any} {} where nothing, or nothing readable, is stored */
export function read(key) {
  try {
    return JSON.parse(localStorage.getItem(key) ?? "{}") ?? {};
  } catch {
    return {};
  }
}

/** @param {string} key @param {any} value null removes it */
export function write(key, value) {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // Storage is full or switched off: then a draft lasts as long as the page.
  }
}

/** Everything kept for this account: another person may log in next. */
export function forget() {
  forgetSelection();
  const own = [`${PREFIX}${account()}.`, choiceKey()];
  for (const key of Object.keys(localStorage)) if (own.some((start) => key.startsWith(start))) localStorage.removeItem(key);
}
