/** The four sources of a photo: file, camera, paste, drop. */

import { byId } from "./dom.js";

/** @param {(file: File) => void} take */
export function photoSources(take) {
  for (const [button, input] of [["pick", "file"], ["camera", "shot"]]) {
    byId(button).addEventListener("click", () => byId(input).click());
    byId(input).addEventListener("change", () => {
      const [file] = byId(input).files;
      byId(input).value = ""; // the same file may be chosen again
      if (file) take(file);
    });
  }
  document.addEventListener("paste", (event) => {
    const file = first(event.clipboardData);
    if (!file) return;
    event.preventDefault();
    take(file);
  });
  dropping(take);
}

function dropping(take) {
  let depth = 0; // enter and leave come for every element below the pointer
  const track = (more) => {
    depth = Math.max(0, depth + more);
    byId("drop").hidden = depth === 0;
  };
  const carriesFile = (event) => event.dataTransfer?.types.includes("Files");
  addEventListener("dragenter", (event) => carriesFile(event) && track(1));
  addEventListener("dragleave", (event) => carriesFile(event) && track(-1));
  addEventListener("dragover", (event) => carriesFile(event) && event.preventDefault());
  addEventListener("drop", (event) => {
    if (!carriesFile(event)) return;
    event.preventDefault();
    track(-depth);
    const file = first(event.dataTransfer);
    if (file) take(file);
  });
}

/** @param {?DataTransfer} carried @returns {?File} */
function first(carried) {
  return [...(carried?.files ?? [])][0] ?? null;
}
