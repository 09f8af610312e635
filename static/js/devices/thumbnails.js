/** Whether small pictures of the photos that a device alone has come to the server. For administrators. */

import { call } from "../api.js";
import { byId, sentence } from "../dom.js";
import { gettext } from "../i18n.js";

/** @param {{slug: string, tier: string, thumbnails: boolean}} node */
export function thumbnails({ slug, tier, thumbnails: allowed }) {
  byId("thumbnails").hidden = tier !== "device";
  byId("allow-thumbnails").checked = allowed;
  byId("allow-thumbnails").addEventListener("change", async () => {
    const wanted = byId("allow-thumbnails").checked;
    byId("allow-thumbnails").disabled = true;
    try {
      await call("PUT", `/api/v1/nodes/${encodeURIComponent(slug)}/thumbnails`, { allowed: wanted });
      byId("thumbnails-status").textContent = wanted ? gettext("Allowed. They come in the background.") : gettext("Forbidden. Those that were here are deleted.");
    } catch (error) {
      byId("allow-thumbnails").checked = !wanted;
      byId("thumbnails-status").textContent = sentence(error);
    }
    byId("allow-thumbnails").disabled = false;
  });
}
