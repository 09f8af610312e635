/** Taking a photo with a device's own camera. The photo stays on the device; the page shows its description. */

import { call } from "./api.js";
import { byId, el } from "./dom.js";
import * as format from "./format.js";
import { gettext } from "./i18n.js";

/** One choice per camera of every device that is online; hidden where there is none. */
export class CameraChoice {
  /** @param {import("./nodes/store.js").NodeStore} store @param {(device: string, camera: string) => void} take */
  constructor(store, take) {
    this.store = store;
    this.select = byId("device-camera");
    this.listed = "";
    this.select.addEventListener("change", () => {
      const [device, camera] = this.select.value.split(" ");
      this.select.value = "";
      if (camera) take(device, camera);
    });
    // The device that was chosen for the question narrows the choice to its own cameras.
    byId("node").addEventListener("change", () => this.offer());
    store.onChange((kind) => kind === "nodes" && this.offer());
    this.offer();
  }

  offer() {
    const chosen = byId("node").value;
    const cameras = this.store.of("device")
      .filter((node) => node.state === "online" && (!chosen || node.slug === chosen))
      .flatMap((node) => camerasOf(node).map((camera) => ({ value: `${node.slug} ${camera}`, words: gettext("%(camera)s on %(device)s", { camera, device: node.slug }) })));
    const values = cameras.map(({ value }) => value).join();
    if (values === this.listed) return; // an open list must not be rebuilt under the finger
    this.listed = values;
    this.select.hidden = cameras.length === 0;
    this.select.replaceChildren(el("option", { value: "" }, gettext("Device camera")), ...cameras.map(({ value, words }) => el("option", { value }, words)));
  }
}

const camerasOf = (node) => (node.cameras ?? []).map(({ name }) => name);

/** @param {string} device @param {string} camera @returns {Promise<any>} the photo as the API describes it */
export const capture = (device, camera) => call("POST", `/api/v1/devices/${encodeURIComponent(device)}/look`, { camera });

/** @param {any} photo @param {string} device */
export const storedOn = (photo, device) => `${photo.width} × ${photo.height} · ${format.bytes(photo.bytes)} · ${gettext("stays on %(device)s", { device })}`;
