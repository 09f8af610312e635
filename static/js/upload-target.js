/** Uploading a photo straight to a device on this network. The server never gets it; if that fails, the upload goes through the server. */

import { call, upload } from "./api.js";
import { byId, el } from "./dom.js";
import { gettext } from "./i18n.js";

const FIRST_BYTE_TIMEOUT_MS = 4000; // an address on another network does not answer at all

/** Where uploads go: through the server, or straight to one of the online devices that accept them. */
export class UploadTarget {
  /** @param {import("./nodes/store.js").NodeStore} store */
  constructor(store) {
    this.store = store;
    this.select = byId("upload-to");
    this.listed = "";
    byId("node").addEventListener("change", () => this.offer());
    store.onChange((kind) => kind === "nodes" && this.offer());
    this.offer();
  }

  offer() {
    const wanted = byId("node").value;
    const devices = this.store.of("device")
      .filter((node) => node.state === "online" && node.hardware?.uploads && (!wanted || node.slug === wanted))
      .map((node) => node.slug);
    if (devices.join() === this.listed) return; // an open list must not be rebuilt under the finger
    this.listed = devices.join();
    const chosen = this.select.value;
    this.select.replaceChildren(
      el("option", { value: "" }, gettext("through the server")),
      ...devices.map((slug) => el("option", { value: slug, selected: slug === chosen }, gettext("straight to %(device)s, if reachable", { device: slug }))),
    );
    byId("upload-choice").hidden = devices.length === 0;
  }
}

/**
 * As api.upload; the photo also has the device it `stays` on, or the `detour` it took.
 * @param {File} file @param {string} device @param {(share: number) => void} onProgress
 * @returns {{done: Promise<any>, abort: () => void}}
 */
export function uploadToDevice(file, device, onProgress) {
  let aborted = false;
  let abort = () => {};
  const done = (async () => {
    try {
      const { url, ticket } = await call("POST", `/api/v1/devices/${encodeURIComponent(device)}/upload`);
      if (aborted) throw new Error("upload cancelled");
      const sending = put(url, file, onProgress, gettext("%(device)s is not reachable from this browser", { device }));
      abort = sending.abort;
      await sending.done;
      return { ...await call("POST", `/api/v1/devices/${encodeURIComponent(device)}/upload/done`, { ticket }), stays: device };
    } catch (error) {
      if (aborted || !(error instanceof Error)) throw error;
      const fallback = upload(file, device, onProgress);
      abort = fallback.abort;
      return { ...await fallback.done, detour: gettext("went through the server: %(reason)s", { reason: error.message }) };
    }
  })();
  return { done, abort: () => { aborted = true; abort(); } };
}

/** @param {string} url @param {File} file @param {(share: number) => void} onProgress @param {string} unreachable error text when nothing answers */
function put(url, file, onProgress, unreachable) {
  const request = new XMLHttpRequest();
  const done = new Promise((resolve, reject) => {
    const timer = setTimeout(() => request.abort(), FIRST_BYTE_TIMEOUT_MS);
    request.open("PUT", url);
    request.upload.onprogress = (event) => {
      clearTimeout(timer);
      if (event.lengthComputable) onProgress(event.loaded / event.total);
    };
    request.onerror = request.onabort = () => reject(new Error(unreachable));
    request.onload = () => (request.status === 201 ? resolve(null) : reject(new Error(refusal(request))));
    request.onloadend = () => clearTimeout(timer);
    request.send(file);
  });
  return { done, abort: () => request.abort() };
}

function refusal(request) {
  try {
    return JSON.parse(request.responseText).message;
  } catch {
    return gettext("the device responded with status %(status)s", { status: request.status });
  }
}
