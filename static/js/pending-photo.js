/** One photo of the next question: shown and uploaded at once. */

import { upload } from "./api.js";
import { capture, storedOn } from "./device-camera.js";
import { byId, el } from "./dom.js";
import * as format from "./format.js";
import { uploadToDevice } from "./upload-target.js";
import { gettext } from "./i18n.js";

/**
 * @typedef {{done: Promise<any>, abort: () => void}} Sending resolves to the photo as the API describes it
 * @typedef {{ready: (pending: PendingPhoto) => void, failed: (pending: PendingPhoto, error: any) => void, remove: (pending: PendingPhoto) => void, move: (pending: PendingPhoto, by: number) => void}} Hooks
 */

export class PendingPhoto {
  /** @param {string} name @param {Sending} sending @param {Element} picture @param {Hooks} hooks */
  constructor(name, sending, picture, hooks) {
    this.name = name;
    this.sending = sending;
    this.picture = picture;
    /** @type {any} as a draft keeps it, once it is stored */
    this.photo = null;
    this.url = ""; // of the local preview
    this.isDropped = false;
    this.number = el("b", { class: "number", "aria-hidden": "true" });
    this.status = el("span", { class: "stored" });
    this.notes = el("span", { class: "notes", role: "status" });
    this.about = el("div", { class: "about" }, el("span", { class: "name", title: name }, name), this.status, this.notes);
    this.remove = el("button", { type: "button", class: "small", onclick: () => hooks.remove(this) });
    const mover = (sign, by) => el("button", { type: "button", class: "small", onclick: () => hooks.move(this, by) }, sign);
    this.forward = mover("‹", -1);
    this.back = mover("›", 1);
    this.order = el("div", { class: "order", hidden: true }, this.forward, this.back);
    this.element = el("li", {}, this.number, this.picture, this.about, this.order, this.remove);
    sending.done.then((photo) => {
      if (this.isDropped) return;
      this.photo = photo;
      hooks.ready(this);
    }, (error) => {
      if (!this.isDropped) hooks.failed(this, error);
    });
  }

  get busy() {
    return this.photo === null;
  }

  /** @param {Element} picture */
  show(picture) {
    this.picture.replaceWith(picture);
    this.picture = picture;
  }

  /** Its place among the photos of the question. @param {number} number @param {number} count */
  place(number, count) {
    this.number.textContent = count > 1 ? String(number) : "";
    this.order.hidden = count < 2;
    this.forward.disabled = number === 1;
    this.back.disabled = number === count;
    this.forward.setAttribute("aria-label", gettext("Move photo %(number)s forward: %(name)s", { number, name: this.name }));
    this.back.setAttribute("aria-label", gettext("Move photo %(number)s back: %(name)s", { number, name: this.name }));
    this.remove.textContent = count > 1 ? "×" : gettext("Remove");
    this.remove.setAttribute("aria-label", count > 1 ? gettext("Remove photo %(number)s: %(name)s", { number, name: this.name }) : gettext("Remove the photo"));
  }

  /** What a draft keeps of it; null until it is stored. */
  stored() {
    return this.photo && { ...this.photo, name: this.name };
  }

  /** It was asked about, or removed. */
  drop() {
    this.isDropped = true;
    if (this.busy) this.sending.abort();
    URL.revokeObjectURL(this.url);
    this.element.remove();
  }
}

/** A file, uploaded to where the options say. @param {File} file @param {Hooks} hooks */
export function uploaded(file, hooks) {
  const bar = el("progress", { max: "1", value: "0", "aria-label": gettext("Upload") });
  const device = byId("upload-to").value;
  const progress = (share) => {
    bar.value = share;
    if (share >= 1) pending.status.textContent = `${format.bytes(file.size)} · ${gettext("checking")}`;
  };
  const sending = device ? uploadToDevice(file, device, progress) : upload(file, byId("node").value, progress);
  const url = URL.createObjectURL(file), image = el("img", { class: "thumb", src: url, alt: "" });
  const ready = (own) => {
    const { photo } = own;
    own.status.textContent = photo.stays ? storedOn(photo, photo.stays) : [summary(file, photo), photo.detour].filter(Boolean).join(" · ");
    own.notes.textContent = (photo.notes ?? []).join(" ");
    bar.remove();
    hooks.ready(own);
  };
  const pending = new PendingPhoto(file.name || gettext("Pasted photo"), sending, image, { ...hooks, ready });
  image.addEventListener("error", () => pending.show(el("span", { class: "thumb" }, extension(file))));
  pending.url = url;
  pending.status.textContent = `${format.bytes(file.size)} · ${gettext("uploading")}`;
  pending.about.append(bar);
  return pending;
}

/** Taken by a device with its own camera. @param {string} device @param {string} camera @param {Hooks} hooks */
export function captured(device, camera, hooks) {
  const ready = (own) => {
    own.status.textContent = [storedOn(own.photo, device), ...(own.photo.notes ?? [])].join(" · ");
    own.show(el("img", { class: "thumb", src: own.photo.url, alt: "" }));
    hooks.ready(own);
  };
  const sending = { done: capture(device, camera), abort: () => {} };
  const pending = new PendingPhoto(gettext("%(camera)s on %(device)s", { camera, device }), sending, el("span", { class: "thumb" }), { ...hooks, ready });
  pending.status.textContent = gettext("taking a photo…");
  return pending;
}

/** One that was stored before the page was loaded. @param {any} photo as the server or a draft describes it @param {Hooks} hooks */
export function restored(photo, hooks) {
  const image = el("img", { class: "thumb", src: `${photo.url}?small=1`, alt: "" });
  const pending = new PendingPhoto(photo.name, { done: Promise.resolve(photo), abort: () => {} }, image, hooks);
  image.addEventListener("error", () => hooks.remove(pending)); // deleted in the meantime
  pending.photo = photo;
  pending.status.textContent = photo.stays ? storedOn(photo, photo.stays) : `${photo.width} × ${photo.height} · ${format.bytes(photo.bytes)}`;
  pending.notes.textContent = (photo.notes ?? []).join(" ");
  return pending;
}

/** Size as stored, and as uploaded where that differs: a photo is never reduced without saying so. */
function summary(file, photo) {
  const size = `${photo.width} × ${photo.height}`;
  return Math.abs(photo.bytes - file.size) / file.size < 0.02
    ? `${size} · ${format.bytes(photo.bytes)}`
    : `${gettext("%(bytes)s, stored as %(size)s JPEG", { bytes: format.bytes(file.size), size })} · ${format.bytes(photo.bytes)}`;
}

/** A browser that cannot show HEIC still uploads it. */
const extension = (file) => (file.name.split(".").pop() || "photo").slice(0, 5).toUpperCase();
