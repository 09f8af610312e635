/** The photo of the next question: shown and uploaded at once. */

import { upload } from "./api.js";
import { capture, storedOn } from "./device-camera.js";
import { byId, el } from "./dom.js";
import * as format from "./format.js";
import { uploadToDevice } from "./upload-target.js";
import { gettext, ngettext } from "./i18n.js";

export class PendingPhoto {
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

  /** @param {File} file @param {number} others that came with it and were not added */
  take(file, others = 0) {
    this.drop();
    if (file.size > this.maxBytes) {
      const message = gettext("This photo is %(size)s; the limit is %(limit)s.", { size: format.bytes(file.size), limit: format.mebibytes(this.maxBytes) });
      this.hooks.onError({ message, next: gettext("Save a smaller copy and try again.") });
      return;
    }
    const bar = el("progress", { max: "1", value: "0", "aria-label": gettext("Upload") });
    const status = el("span", {}, `${format.bytes(file.size)} · ${gettext("uploading")}`);
    const device = byId("upload-to").value;
    const progress = (share) => this.progress(bar, status, file, share);
    const sending = device ? uploadToDevice(file, device, progress) : upload(file, byId("node").value, progress);
    const pending = { photo: null, name: file.name || gettext("Pasted photo"), url: URL.createObjectURL(file), ...sending };
    this.current = pending;
    const notes = el("span", { class: "notes", role: "status" }, left(others));
    this.show(pending, file, bar, status, notes);
    pending.done.then((photo) => {
      if (this.current !== pending) return;
      pending.photo = photo;
      status.textContent = photo.stays ? storedOn(photo, photo.stays) : [summary(file, photo), photo.detour].filter(Boolean).join(" · ");
      notes.textContent = [left(others), ...(photo.notes ?? [])].filter(Boolean).join(" ");
      bar.remove();
      this.hooks.onChange();
    }, (error) => {
      if (this.current !== pending) return;
      this.drop();
      this.hooks.onError(error);
    });
    this.hooks.onChange();
  }

  /** Have a device take it with its own camera. @param {string} device @param {string} camera */
  capture(device, camera) {
    this.drop();
    const status = el("span", {}, gettext("taking a photo…"));
    const pending = { photo: null, name: gettext("%(camera)s on %(device)s", { camera, device }), url: "", done: capture(device, camera), abort: () => {} };
    const thumb = el("span", { class: "thumb" });
    this.current = pending;
    this.render(thumb, pending.name, status);
    pending.done.then((photo) => {
      if (this.current !== pending) return;
      pending.photo = photo;
      status.textContent = [storedOn(photo, device), ...(photo.notes ?? [])].join(" · ");
      thumb.replaceWith(el("img", { class: "thumb", src: photo.url, alt: "" }));
      this.hooks.onChange();
    }, (error) => {
      if (this.current !== pending) return;
      this.drop();
      this.hooks.onError(error);
    });
    this.hooks.onChange();
  }

  /** What a draft keeps of it; null until it is stored. */
  stored() {
    return this.current?.photo ? { ...this.current.photo, name: this.current.name } : null;
  }

  /** One that was stored before the page was loaded. @param {any} photo as it is shown @param {any} [stored] as a draft keeps it */
  restore(photo, stored = photo) {
    const image = el("img", { class: "thumb", src: `${photo.url}?small=1`, alt: "" });
    image.addEventListener("error", () => this.drop()); // deleted in the meantime
    this.current = { photo: stored, name: photo.name, url: "", done: Promise.resolve(photo), abort: () => {} };
    const size = photo.stays ? storedOn(photo, photo.stays) : `${photo.width} × ${photo.height} · ${format.bytes(photo.bytes)}`;
    this.render(image, photo.name, el("span", {}, size), el("span", { class: "notes" }, (photo.notes ?? []).join(" ")));
  }

  /** Its id once it is stored; null when there is none. Rejects with the reason it was refused. @returns {Promise<?string>} */
  async id() {
    return this.current ? (await this.current.done).id : null;
  }

  /** Discard it: it was asked about, or removed. */
  drop() {
    if (!this.current) return;
    if (!this.current.photo) this.current.abort();
    URL.revokeObjectURL(this.current.url);
    this.current = null;
    this.place.hidden = true;
    this.place.replaceChildren();
    this.hooks.onChange();
  }

  progress(bar, status, file, share) {
    bar.value = share;
    if (share >= 1) status.textContent = `${format.bytes(file.size)} · ${gettext("checking")}`;
  }

  show(pending, file, bar, status, notes) {
    const image = el("img", { class: "thumb", src: pending.url, alt: "" });
    image.addEventListener("error", () => image.replaceWith(el("span", { class: "thumb" }, extension(file))));
    this.render(image, pending.name, status, notes, bar);
  }

  render(image, name, ...about) {
    const remove = el("button", { type: "button", class: "small", "aria-label": gettext("Remove the photo"), onclick: () => this.drop() }, gettext("Remove"));
    this.place.replaceChildren(image, el("div", { class: "about" }, el("span", { class: "name" }, name), ...about), remove);
    this.place.hidden = false;
  }
}

/** Size as stored, and as uploaded where that differs: a photo is never reduced without saying so. */
function summary(file, photo) {
  const size = `${photo.width} × ${photo.height}`;
  return Math.abs(photo.bytes - file.size) / file.size < 0.02
    ? `${size} · ${format.bytes(photo.bytes)}`
    : `${gettext("%(bytes)s, stored as %(size)s JPEG", { bytes: format.bytes(file.size), size })} · ${format.bytes(photo.bytes)}`;
}

/** What to do about photos that came with this one. @param {number} others */
function left(others) {
  if (!others) return "";
  if (others === 1) return gettext("A question is about one photo: the other one was not added. Ask about this one, then add the next.");
  return ngettext("A question is about one photo: the %(count)s other was not added. Ask about this one, then add the next.",
    "A question is about one photo: the %(count)s others were not added. Ask about this one, then add the next.", others);
}

/** A browser that cannot show HEIC still uploads it. */
const extension = (file) => (file.name.split(".").pop() || "photo").slice(0, 5).toUpperCase();
