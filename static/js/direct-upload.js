/** Handing a photo straight to a device in this network. The server never gets it; where that fails, it goes by way of the server. */

import { call, upload } from "./api.js";
import { byId, el } from "./dom.js";

const PATIENCE_MS = 4000; // until the first byte has left: an address in another network does not answer at all

/** How uploads go: by way of the server, or straight to one of the devices that are online and take them. */
export class UploadWay {
  /** @param {import("./nodes/store.js").NodeStore} store */
  constructor(store) {
    this.store = store;
    this.select = byId("way");
    this.offered = "";
    byId("node").addEventListener("change", () => this.offer());
    store.onChange((kind) => kind === "nodes" && this.offer());
    this.offer();
  }

  offer() {
    const wanted = byId("node").value;
    const devices = this.store.of("device")
      .filter((node) => node.state === "online" && node.hardware?.uploads && (!wanted || node.slug === wanted))
      .map((node) => node.slug);
    if (devices.join() === this.offered) return; // an open list must not be rebuilt under the finger
    this.offered = devices.join();
    const chosen = this.select.value;
    this.select.replaceChildren(
      el("option", { value: "" }, "through the server"),
      ...devices.map((slug) => el("option", { value: slug, selected: slug === chosen }, `straight to ${slug}, if it is near`)),
    );
    byId("way-choice").hidden = devices.length === 0;
  }
}

/**
 * As api.upload; the photo also says where it `stays`, or by which `detour` it came.
 * @param {File} file @param {string} device @param {(share: number) => void} onProgress
 * @returns {{done: Promise<any>, abort: () => void}}
 */
export function handOver(file, device, onProgress) {
  let aborted = false;
  let abort = () => {};
  const done = (async () => {
    try {
      const { url, ticket } = await call("POST", path(device, "upload/"));
      if (aborted) throw new Error("taken back");
      const sending = put(url, file, onProgress, `${device} cannot be reached from here`);
      abort = sending.abort;
      await sending.done;
      return { ...await call("POST", path(device, "upload/done/"), { ticket }), stays: device };
    } catch (error) {
      if (aborted) throw error;
      const round = upload(file, device, onProgress);
      abort = round.abort;
      return { ...await round.done, detour: `went through the server: ${error.message}` };
    }
  })();
  return { done, abort: () => { aborted = true; abort(); } };
}

/** @param {string} url @param {File} file @param {(share: number) => void} onProgress @param {string} away said where nobody answers */
function put(url, file, onProgress, away) {
  const request = new XMLHttpRequest();
  const done = new Promise((resolve, reject) => {
    const late = setTimeout(() => request.abort(), PATIENCE_MS);
    request.open("PUT", url);
    request.upload.onprogress = (event) => {
      clearTimeout(late);
      if (event.lengthComputable) onProgress(event.loaded / event.total);
    };
    request.onerror = request.onabort = () => reject(new Error(away));
    request.onload = () => (request.status === 201 ? resolve(null) : reject(new Error(refusal(request))));
    request.onloadend = () => clearTimeout(late);
    request.send(file);
  });
  return { done, abort: () => request.abort() };
}

function refusal(request) {
  try {
    return JSON.parse(request.responseText).message;
  } catch {
    return `the device answered with status ${request.status}`;
  }
}

const path = (device, rest) => `/api/v1/devices/${encodeURIComponent(device)}/${rest}`;
