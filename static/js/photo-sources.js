/** The four sources of a photo: file, camera, paste, drop. */

import { byId } from "./dom.js";

/** @param {(files: File[]) => void} take all that came at once @param {() => void} takesNoLink something was dropped that is no file */
export function photoSources(take, takesNoLink) {
  for (const [button, input] of [["pick", "file"], ["camera", "shot"]]) {
    byId(button).addEventListener("click", () => byId(input).click());
    byId(input).addEventListener("change", () => {
      const files = [...byId(input).files];
      byId(input).value = ""; // the same file may be chosen again
      if (files.length) take(files);
    });
  }
  document.addEventListener("paste", (event) => {
    const files = filesOf(event.clipboardData);
    if (!files.length) return;
    event.preventDefault();
    take(files);
  });
  dropping(take, takesNoLink);
}

function dropping(take, takesNoLink) {
  let depth = 0; // enter and leave come for every element below the pointer
  const track = (more) => {
    depth = Math.max(0, depth + more);
    byId("drop").hidden = depth === 0;
  };
  const carriesFile = (event) => event.dataTransfer?.types.includes("Files");
  addEventListener("dragenter", (event) => carriesFile(event) && track(1));
  addEventListener("dragleave", (event) => carriesFile(event) && track(-1));
  addEventListener("dragover", (event) => (carriesFile(event) || carriesLink(event)) && event.preventDefault());
  addEventListener("drop", (event) => {
    if (carriesLink(event)) {
      event.preventDefault();
      takesNoLink();
    }
    if (!carriesFile(event)) return;
    event.preventDefault();
    track(-depth);
    const files = filesOf(event.dataTransfer);
    if (files.length) take(files);
  });
}

/** A picture dragged from another page, outside a text field: the browser would go to its address, and the draft would be lost. */
function carriesLink(event) {
  const types = event.dataTransfer?.types ?? [];
  return types.includes("text/uri-list") && !types.includes("Files") && !event.target.closest?.("textarea, input");
}

/** @param {?DataTransfer} carried @returns {File[]} */
const filesOf = (carried) => [...(carried?.files ?? [])];
