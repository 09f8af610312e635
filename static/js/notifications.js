/** The page about notifications: push messages in this browser, its time zone, and deliveries that are under way. */

import { ApiError, call } from "./api.js";
import { all, byId, sentence } from "./dom.js";
import { gettext } from "./i18n.js";
import { CAN_PUSH, subscription } from "./installed-app.js";

const LOOKS = 20;
const LOOK_MS = 1500;
const place = byId("push");
const button = byId("push-switch");
const words = byId("push-words");

/** @param {string} text */
const say = (text) => (words.textContent = text);

async function show() {
  if (!globalThis.isSecureContext) return say(gettext("Push messages need https: ask an admin for a secure address."));
  if (!CAN_PUSH) return say(gettext("This browser takes no push messages. On an iPhone, add the page to the home screen first."));
  if (Notification.permission === "denied") {
    return say(gettext("This browser blocks notifications of this page. Allow them in its settings, then reload."));
  }
  const current = await subscription();
  button.hidden = false;
  button.textContent = current ? gettext("Turn push messages off in this browser") : gettext("Turn push messages on in this browser");
  button.onclick = () => attempt(current ? () => turnOff(current) : turnOn);
  return say(current ? gettext("This browser shows push messages, also while no page is open.") : "");
}

/** @param {() => Promise<void>} change */
async function attempt(change) {
  button.disabled = true;
  try {
    await change();
    location.reload();
  } catch (error) {
    say(error instanceof ApiError ? sentence(error) : gettext("The browser's push service did not answer. Try again later."));
    button.disabled = false;
  }
}

async function turnOn() {
  if ((await Notification.requestPermission()) !== "granted") return;
  const registration = await navigator.serviceWorker.ready;
  const made = await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: place.dataset.key });
  try {
    await call("POST", place.dataset.add, made.toJSON());
  } catch (error) {
    await made.unsubscribe();
    throw error;
  }
}

/** @param {PushSubscription} current */
async function turnOff(current) {
  await call("POST", place.dataset.forget, { endpoint: current.endpoint });
  await current.unsubscribe();
}

function offerZone() {
  const zones = byId("time-zone");
  const mine = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if ("unset" in zones.dataset && [...zones.options].some((option) => option.value === mine)) zones.value = mine;
}

/** While something is under way, show what becomes of it. @param {number} left */
async function follow(left) {
  if (!left || !document.querySelector("[data-waits]")) return;
  await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  const response = await fetch(location.pathname, { credentials: "same-origin" }).catch(() => null);
  if (response?.ok && !response.redirected) {
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const newer = [...page.querySelectorAll(".deliveries")];
    all(".deliveries").forEach((section, index) => newer[index] && section.replaceWith(newer[index]));
    const { showTimes } = await import("./times.js");
    showTimes();
  }
  await follow(left - 1);
}

offerZone();
await Promise.all([show(), follow(LOOKS)]);
