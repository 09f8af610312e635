/** An update of agents that is under way, above the cards of the devices page: how far it is, and a button that ends it. */

import { call } from "../api.js";
import { byId, el, sentence } from "../dom.js";
import { gettext, ngettext } from "../i18n.js";

/** @typedef {{version: string, done: number, nodes: number, away: number}} Rollout */

/** @param {?Rollout} rollout */
export function showRollout(rollout) {
  const place = byId("rollout");
  if (rollout) delete place.dataset.stopped;
  place.hidden = !rollout && !place.dataset.stopped;
  if (!rollout) return;
  const stop = el("button", { type: "button", class: "small", onclick: async () => {
    try {
      await call("POST", "/api/v1/fleet/updates/stop");
      place.dataset.stopped = "yes"; // the sentence stays until another update begins
      place.replaceChildren(el("span", {}, gettext("The update was stopped. Devices that already try the new agent finish.")));
    } catch (error) {
      place.replaceChildren(el("span", {}, sentence(error)), stop);
    }
  } }, gettext("Stop"));
  const sentences = [gettext("Agents are updated to %(version)s: %(done)s of %(all)s devices have it. One goes first, the others follow once it works.", { version: rollout.version, done: rollout.done, all: rollout.nodes }),
    rollout.away && ngettext("%(count)s is offline, and follows when it is back.", "%(count)s are offline, and follow when they are back.", rollout.away)];
  place.replaceChildren(el("span", {}, sentences.filter(Boolean).join(" ")), stop);
}
