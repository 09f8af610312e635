/** Small pictures of the cameras of a node, where an administrator allows them. */

import { byId, el, sentence } from "../dom.js";
import { gettext } from "../i18n.js";
import { previewOf } from "./preview.js";

/** @param {any} node */
export function cameraPreviews(node) {
  const allowed = node.cameras.filter((/** @type {any} */ camera) => camera.preview);
  byId("previews").hidden = allowed.length === 0;
  byId("camera-previews").replaceChildren(...allowed.map((/** @type {any} */ camera) => preview(node.slug, camera.name)));
}

/** @param {string} slug @param {string} camera */
function preview(slug, camera) {
  const status = el("span", { class: "hint", role: "status" });
  const image = el("img", { class: "preview", alt: gettext("What %(camera)s sees", { camera }), hidden: true });
  const look = async () => {
    button.disabled = true;
    status.textContent = gettext("The camera takes a picture…");
    try {
      const address = await previewOf(slug, camera);
      if (image.src) URL.revokeObjectURL(image.src);
      image.src = address;
      image.hidden = false;
      status.textContent = "";
    } catch (error) {
      status.textContent = sentence(error);
    }
    button.disabled = false;
  };
  const button = el("button", { type: "button", class: "small", "aria-label": gettext("Preview of %(camera)s", { camera }), onclick: look }, gettext("Preview"));
  return el("section", { class: "stack", "data-preview": camera }, el("div", { class: "head" }, el("b", {}, camera), button), image, status);
}
