// @ts-check
// What a camera of a device sees now, where an administrator allows that.
import { picture } from "../api.js";

/** An object URL of a small picture; the caller revokes it. @param {string} slug @param {string} camera @returns {Promise<string>} */
export function previewOf(slug, camera) {
  return picture(`/api/v1/nodes/${encodeURIComponent(slug)}/cameras/${encodeURIComponent(camera)}/preview`, "POST");
}
