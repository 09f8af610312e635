/** Calls to the server. Every failure becomes an ApiError: what happened, and what to do next. */

import { observe } from "./clock.js";
import { gettext } from "./i18n.js";

const NETWORK = { code: "network", message: gettext("The server cannot be reached."), next: gettext("Check the connection and try again.") };

export class ApiError extends Error {
  /** @param {{code: string, message: string, next?: string}} body */
  constructor(body) {
    super(body.message);
    this.code = body.code;
    this.next = body.next ?? "";
  }
}

/** @param {string} method @param {string} path @param {any} [body] @param {Record<string, string>} [headers] @returns {Promise<any>} */
export async function call(method, path, body, headers = {}) {
  /** @type {Response} */
  let response;
  try {
    response = await fetch(path, {
      method,
      headers: { "X-CSRFToken": token(), ...headers, ...(body === undefined ? {} : { "Content-Type": "application/json" }) },
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: "same-origin",
    });
  } catch {
    throw new ApiError(NETWORK);
  }
  observe(response.headers.get("Date"));
  if (response.status === 204) return null;
  return parse(response.status, await response.text());
}

/** An image made on demand, as an object URL for an <img>; the caller revokes it. @param {string} path @param {string} [method] @returns {Promise<string>} */
export async function picture(path, method = "GET") {
  /** @type {Response} */
  let response;
  try {
    response = await fetch(path, { method, headers: method === "GET" ? {} : { "X-CSRFToken": token() }, credentials: "same-origin" });
  } catch {
    throw new ApiError(NETWORK);
  }
  if (!response.ok) parse(response.status, await response.text());
  return URL.createObjectURL(await response.blob());
}

/**
 * Send a photo. XMLHttpRequest, because fetch reports no upload progress.
 * @param {File} file @param {string} node the device that will answer, which prepares it; "" for any
 * @param {(share: number) => void} onProgress @param {boolean} [library] it is added to the library, and prepared when somebody asks
 * @returns {{done: Promise<any>, abort: () => void}}
 */
export function upload(file, node, onProgress, library = false) {
  const request = new XMLHttpRequest();
  const done = new Promise((resolve, reject) => {
    request.open("POST", "/api/v1/photos");
    request.setRequestHeader("X-CSRFToken", token());
    request.upload.onprogress = (event) => event.lengthComputable && onProgress(event.loaded / event.total);
    request.onerror = () => reject(new ApiError(NETWORK));
    request.onload = () => {
      try {
        resolve(parse(request.status, request.responseText));
      } catch (error) {
        reject(error);
      }
    };
    const form = new FormData();
    form.append("photo", file, file.name || "photo");
    form.append("node", node);
    if (library) form.append("library", "true");
    request.send(form);
  });
  return { done, abort: () => request.abort() };
}

/** @param {number} status @param {string} text */
function parse(status, text) {
  let body = null;
  try {
    body = JSON.parse(text);
  } catch {
    // A proxy or a crash responded with HTML; the status is reported instead.
  }
  if (status >= 200 && status < 300 && body !== null) return body;
  const fallback = { code: "server", message: gettext("The server responded with status %(status)s.", { status }), next: gettext("Reload the page and try again.") };
  throw new ApiError(body?.error?.message ? body.error : fallback);
}

function token() {
  const match = document.cookie.match(/(?:^|; )isthmus_csrf=([^;]*)/);
  return match ? decodeURIComponent(match[1]) : document.querySelector("meta[name=csrf]")?.getAttribute("content") ?? "";
}
