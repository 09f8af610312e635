/** The photo that goes with the next question: shown at once, uploaded at once. */

import { upload } from "./api.js";
import { look, staying } from "./device-camera.js";
import { handOver } from "./direct-upload.js";
import { byId, el } from "./dom.js";
import * as format from "./format.js";

export class HeldPhoto {
  /** @param {HTMLElement} place @param {number} maxBytes @param {{onError: (error: any) => void, onChange: () => void}} hooks */
  constructor(place, maxBytes, hooks) {
    this.place = place;
    this.maxBytes = maxBytes;
    this.hooks = hooks;
    this.current = null;
  }

  get busy() {
    return this.current !== null && this.current.photo === null;
  }

  /** @param {File} file */
  take(file) {
    this.drop();
    if (file.size > this.maxBytes) {
      const message = `The photo has ${format.bytes(file.size)}; ${format.bytes(this.maxBytes)} is the most.`;
      this.hooks.onError({ message, next: "Save it smaller and try again." });
      return;
    }
    const bar = el("progress", { max: "1", value: "0", "aria-label": "Upload" });
    const said = el("span", {}, `${format.bytes(file.size)} · uploading`);
    const near = byId("way").value;
    const progress = (share) => this.progress(bar, said, file, share);
    const sending = near ? handOver(file, near, progress) : upload(file, byId("node").value, progress);
    const held = { photo: null, url: URL.createObjectURL(file), ...sending };
    this.current = held;
    this.show(held, file, bar, said);
    held.done.then((photo) => {
      if (this.current !== held) return;
      held.photo = photo;
      said.textContent = photo.stays ? staying(photo, photo.stays) : [told(file, photo), photo.detour].filter(Boolean).join(" · ");
      bar.remove();
      this.hooks.onChange();
    }, (error) => {
      if (this.current !== held) return;
      this.drop();
      this.hooks.onError(error);
    });
    this.hooks.onChange();
  }

  /** Have a device take it with its own camera. @param {string} device @param {string} camera */
  look(device, camera) {
    this.drop();
    const said = el("span", {}, "taking a photo…");
    const held = { photo: null, url: "", done: look(device, camera), abort: () => {} };
    const thumb = el("span", { class: "thumb" });
    this.current = held;
    this.lay(thumb, `${camera} on ${device}`, said);
    held.done.then((photo) => {
      if (this.current !== held) return;
      held.photo = photo;
      said.textContent = staying(photo, device);
      thumb.replaceWith(el("img", { class: "thumb", src: photo.url, alt: "" }));
      this.hooks.onChange();
    }, (error) => {
      if (this.current !== held) return;
      this.drop();
      this.hooks.onError(error);
    });
    this.hooks.onChange();
  }

  /** Its id once it is stored; null when there is none. Rejects with the reason it was refused. @returns {Promise<?string>} */
  async id() {
    return this.current ? (await this.current.done).id : null;
  }

  /** Let go of it: it was asked about, or taken back. */
  drop() {
    if (!this.current) return;
    if (!this.current.photo) this.current.abort();
    URL.revokeObjectURL(this.current.url);
    this.current = null;
    this.place.hidden = true;
    this.place.replaceChildren();
    this.hooks.onChange();
  }

  progress(bar, said, file, share) {
    bar.value = share;
    if (share >= 1) said.textContent = `${format.bytes(file.size)} · checking`;
  }

  show(held, file, bar, said) {
    const image = el("img", { class: "thumb", src: held.url, alt: "" });
    image.addEventListener("error", () => image.replaceWith(el("span", { class: "thumb" }, extension(file))));
    this.lay(image, file.name || "Pasted photo", said, bar);
  }

  lay(image, name, ...about) {
    const away = el("button", { type: "button", class: "small", "aria-label": "Take the photo back", onclick: () => this.drop() }, "Remove");
    this.place.replaceChildren(image, el("div", { class: "about" }, el("span", { class: "name" }, name), ...about), away);
    this.place.hidden = false;
  }
}

/** What was kept, where that differs from what was given: never smaller without a word. */
function told(file, photo) {
  const size = `${photo.width} × ${photo.height}`;
  return Math.abs(photo.bytes - file.size) / file.size < 0.02
    ? `${size} · ${format.bytes(photo.bytes)}`
    : `${format.bytes(file.size)}, kept as ${size} JPEG · ${format.bytes(photo.bytes)}`;
}

/** A browser that cannot show HEIC still uploads it. */
const extension = (file) => (file.name.split(".").pop() || "photo").slice(0, 5).toUpperCase();
