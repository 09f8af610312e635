/** A note in plain words that the bundled models are small, until it was closed once in this browser. */

import { byId } from "./dom.js";
import { read, write } from "./drafts.js";

const KEY = "isthmus.small-models";

export function tellOnce() {
  const note = byId("small-models");
  if (!note || read(KEY).known) return;
  note.hidden = false;
  note.querySelector("button").addEventListener("click", () => {
    write(KEY, { known: true });
    note.hidden = true;
    byId("question").focus();
  });
}
