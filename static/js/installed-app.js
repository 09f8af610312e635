/** The service worker of the installed app; browsers have it over https and on this machine only. */

export const CAN_PUSH = "serviceWorker" in navigator && "PushManager" in globalThis && "Notification" in globalThis;

if ("serviceWorker" in navigator) {
  navigator.serviceWorker.register("/service-worker.js").catch(() => {
    // A page works without it; the page about notifications says what is missing.
  });
}

/** This browser's subscription to push messages, or null. @returns {Promise<PushSubscription|null>} */
export async function subscription() {
  const registration = CAN_PUSH ? await navigator.serviceWorker.getRegistration("/") : undefined;
  return (await registration?.pushManager.getSubscription()) ?? null;
}
