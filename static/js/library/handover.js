/** Photos that were chosen in the library, for the form of a new batch: kept by this tab, as an address is too short for them. */

const key = () => `isthmus.selection.${document.body.dataset.account ?? ""}`;

/** @param {string[]} ids */
export function hand(ids) {
  sessionStorage.setItem(key(), JSON.stringify(ids));
}

/** @returns {string[]} */
export function handed() {
  return JSON.parse(sessionStorage.getItem(key()) ?? "[]");
}

export function forget() {
  sessionStorage.removeItem(key());
}
