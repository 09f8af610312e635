/** Logging out also forgets what this browser kept for the account, and push messages, which are the account's too. */

import { call } from "./api.js";
import { forget } from "./drafts.js";
import { CAN_PUSH, subscription } from "./installed-app.js";

const FORGET = "/account/notifications/browsers/forget/";
const PATIENCE_MS = 1500;
const form = document.getElementById("logout");

form?.addEventListener("submit", (event) => {
  forget();
  if (!CAN_PUSH || Notification.permission !== "granted" || !(form instanceof HTMLFormElement)) return;
  event.preventDefault();
  // A push service that does not answer keeps nobody logged in; `submit` does not come back here.
  const waited = new Promise((resolve) => setTimeout(resolve, PATIENCE_MS));
  Promise.race([unsubscribe(), waited]).finally(() => form.submit());
});

async function unsubscribe() {
  const current = await subscription();
  if (!current) return;
  await call("POST", FORGET, { endpoint: current.endpoint });
  await current.unsubscribe();
}
