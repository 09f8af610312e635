/** The recent log of a node's agent: asked for, and shown when it has come. For administrators. */

import { call } from "../api.js";
import { byId, sentence } from "../dom.js";
import { gettext } from "../i18n.js";
import { timeWords } from "../times.js";

const LOOK_MS = 700;

/** @param {string} slug */
export function agentLog(slug) {
  const button = byId("read-log"), status = byId("log-status"), text = byId("log-text");
  const address = `/api/v1/nodes/${encodeURIComponent(slug)}/log`;
  const look = async () => {
    const answer = await call("GET", address);
    if (answer.state === "waiting") return void setTimeout(() => guarded(look), LOOK_MS);
    button.disabled = false;
    const here = answer.state === "here";
    status.textContent = here ? gettext("As it was at %(time)s.", { time: timeWords(answer.at, "second") }) : gettext("The log did not come. The agent may be busy or restarting; try again.");
    text.hidden = !here;
    text.textContent = here ? answer.text || gettext("The log is empty.") : "";
    text.scrollTop = text.scrollHeight;
  };
  const guarded = async (/** @type {() => Promise<void>} */ work) => {
    try {
      await work();
    } catch (error) {
      button.disabled = false;
      status.textContent = sentence(error);
    }
  };
  button.addEventListener("click", () => guarded(async () => {
    button.disabled = true;
    status.textContent = gettext("Waiting for the agent's next heartbeat…");
    await call("POST", address);
    await look();
  }));
}
