/**
 * The installed app: shows push messages and opens what they link to, and has a page for when the server cannot be reached. It
 * stores the files of that page and nothing else: never photos, answers or the API.
 */

const worker = /** @type {any} */ (self);
const SHELL = "isthmus-shell";
const OFFLINE = "/offline/";
const FILES = [OFFLINE, "/static/css/tokens.css", "/static/css/base.css", "/static/icons/isthmus.svg"];

/** Without cookies: what is stored is the same for everybody. @param {string} path */
const anonymous = (path) => new Request(path, { credentials: "omit", cache: "reload" });

worker.addEventListener("install", (/** @type {any} */ event) => {
  event.waitUntil(caches.open(SHELL).then((cache) => cache.addAll(FILES.map(anonymous))));
  worker.skipWaiting();
});

worker.addEventListener("activate", (/** @type {any} */ event) => event.waitUntil(worker.clients.claim()));

worker.addEventListener("fetch", (/** @type {any} */ event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== worker.location.origin) return;
  if (request.mode === "navigate") event.respondWith(fetch(request).catch(() => stored(OFFLINE)));
  else if (FILES.includes(url.pathname)) event.respondWith(fresh(request, url.pathname));
});

worker.addEventListener("push", (/** @type {any} */ event) => {
  const { title, body, link, tag } = message(event.data);
  const options = { body, tag, data: { link }, icon: "/static/icons/icon-192.png", badge: "/static/icons/badge-96.png" };
  event.waitUntil(worker.registration.showNotification(title, options));
});

worker.addEventListener("notificationclick", (/** @type {any} */ event) => {
  event.notification.close();
  event.waitUntil(open(event.notification.data?.link));
});

/** @param {string} path @returns {Promise<Response>} */
const stored = async (path) => (await caches.match(path, { cacheName: SHELL })) ?? Response.error();

/** From the server, so that an update is seen at once; what was stored where it cannot be reached. @param {Request} request @param {string} path */
async function fresh(request, path) {
  try {
    const response = await fetch(request);
    if (response.ok) await (await caches.open(SHELL)).put(path, response.clone());
    return response;
  } catch {
    return stored(path);
  }
}

/** A push service may deliver a message without its content. @param {any} data */
function message(data) {
  try {
    return { title: "Isthmus", ...data.json() };
  } catch {
    return { title: "Isthmus", link: "/account/notifications/" };
  }
}

/** In a window that is open already, or a new one; never on another site. The path counts: the server may have several names. @param {unknown} link */
async function open(link) {
  const { pathname, search } = new URL(String(link ?? "/"), worker.location.origin);
  const address = new URL(pathname + search, worker.location.origin).href;
  const windows = await worker.clients.matchAll({ type: "window" });
  const same = windows.find((/** @type {any} */ client) => client.url === address);
  return same ? same.focus() : worker.clients.openWindow(address);
}
