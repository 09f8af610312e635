/** What can be done with all photos that the filters or a search show: choosing them, and asking about each. Ctrl+A chooses them, too. */

import { byId } from "../dom.js";

const TYPED_INTO = "input:not([type=checkbox]), textarea, select, dialog";

export class AllOfThese {
  /** @param {{select: () => void, ask: () => void}} actions */
  constructor({ select, ask }) {
    this.row = byId("all-of-these");
    byId("select-all").addEventListener("click", select);
    byId("ask-all").addEventListener("click", ask);
    document.addEventListener("keydown", (event) => {
      if (!(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey || event.key.toLowerCase() !== "a") return;
      if (event.target instanceof Element && event.target.closest(TYPED_INTO)) return;
      event.preventDefault();
      select();
    });
  }

  /** @param {boolean} any whether photos are shown, and none is chosen @param {boolean} fit whether they are what was searched for */
  show(any, fit) {
    this.row.hidden = !any;
    byId("ask-all").hidden = !fit;
  }
}
