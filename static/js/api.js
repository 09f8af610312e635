/** Calls to the server. Whatever goes wrong becomes one ApiError with a sentence and the next step. */

import { observe } from "./clock.js";

const NETWORK = { code: "network", message: "The server cannot be reached.", next: "Check the connection and try again." };

export class ApiError extends Error {
  /** @param {{code: string, message: string, next?: string}} body */
  constructor(body) {
    super(body.message);
    this.code = body.code;
    this.next = body.next ?? "";
  }
}

/** @param {string} method @param {string} path @param {any} [body] @returns {Promise<any>} */
export async function call(method, path, body) {
  /** @type {Response} */
  let response;
  try {
    response = await fetch(path, {
      method,
      headers: { "X-CSRFToken": token(), ...(body === undefined ? {} : { "Content-Type": "application/json" }) },
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: "same-origin",
    });
  } catch {
    throw new ApiError(NETWORK);
  }
  observe(response.headers.get("Date"));
  if (response.status === 204) return null;
  return understood(response.status, await response.text());
}

/** An image that is made on demand, as an address for an <img>; whoever shows it revokes it. @param {string} path @returns {Promise<string>} */
export async function picture(path) {
  /** @type {Response} */
  let response;
  try {
    response = await fetch(path, { credentials: "same-origin" });
  } catch {
    throw new ApiError(NETWORK);
  }
  if (!response.ok) understood(response.status, await response.text());
  return URL.createObjectURL(await response.blob());
}

/**
 * Send a photo. XMLHttpRequest, because fetch cannot tell how far an upload is.
 * @param {File} file @param {string} node the device it will be asked about on, which prepares it; "" for any
 * @param {(share: number) => void} onProgress
 * @returns {{done: Promise<any>, abort: () => void}}
 */
export function upload(file, node, onProgress) {
  const request = new XMLHttpRequest();
  const done = new Promise((resolve, reject) => {
    request.open("POST", "/api/v1/photos");
    request.setRequestHeader("X-CSRFToken", token());
    request.upload.onprogress = (event) => event.lengthComputable && onProgress(event.loaded / event.total);
    request.onerror = () => reject(new ApiError(NETWORK));
    request.onload = () => {
      try {
        resolve(understood(request.status, request.responseText));
      } catch (error) {
        reject(error);
      }
    };
    const form = new FormData();
    form.append("photo", file, file.name || "photo");
    form.append("node", node);
    request.send(form);
  });
  return { done, abort: () => request.abort() };
}

function understood(status, text) {
  let answer = null;
  try {
    answer = JSON.parse(text);
  } catch {
    // A proxy or a crash answered with a page; the status says enough.
  }
  if (status >= 200 && status < 300 && answer !== null) return answer;
  const sorry = { code: "server", message: `The server answered with status ${status}.`, next: "Reload the page and try again." };
  throw new ApiError(answer?.error?.message ? answer.error : sorry);
}

function token() {
  const found = document.cookie.match(/(?:^|; )isthmus_csrf=([^;]*)/);
  return found ? decodeURIComponent(found[1]) : document.querySelector("meta[name=csrf]")?.getAttribute("content") ?? "";
}
