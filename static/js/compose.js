/** The composer at the bottom of the page: question, photo, send. */

import { byId, el, sentence } from "./dom.js";
import { read, write } from "./drafts.js";
import { PendingPhotos } from "./pending-photos.js";
import { photoSources } from "./photo-sources.js";
import { gettext } from "./i18n.js";

const COUNT_FROM = 0.8; // of the limit; before that the number is noise
const NO_FILE = { message: gettext("This is a link to a picture, not the picture."), next: gettext("Save the picture on this device first, then add it.") };
// In English on every page, as questions are read and answered in it.
const IDEAS = ["What is in this photo?", "Describe the photo.", "How many people are there?", "What colour is it?"];

export class Compose {
  /**
   * @param {{max_question_chars: number, max_upload_bytes: number, max_photos: number, chosen: any[]}} limits and the photos that were chosen in the library
   * @param {(question: string, photos: string[]) => Promise<void>} ask rejects with a UserError; then the text stays
   * @param {{key: () => string, how: () => any}} draft where the draft is kept, and the options that belong to it
   */
  constructor(limits, ask, draft) {
    this.limit = limits.max_question_chars;
    this.ask = ask;
    this.draft = draft;
    this.sending = false;
    this.text = byId("question");
    this.photos = new PendingPhotos(byId("pending"), { bytes: limits.max_upload_bytes, photos: limits.max_photos }, {
      onError: (error) => this.fail(error),
      onChange: () => this.changed(),
      focus: () => this.text.focus(),
    });
    photoSources((files) => this.take(files), () => this.fail(NO_FILE));
    byId("compose").addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    this.text.addEventListener("input", () => this.changed());
    this.text.addEventListener("keydown", (event) => this.key(event));
    byId("suggestions").append(...IDEAS.map((idea) => el("button", { type: "button", lang: "en", onclick: () => this.suggest(idea) }, idea)));
    this.restore(limits.chosen);
  }

  /** What was typed before the scripts had loaded is newer than any draft, and so are photos from the library. @param {any[]} chosen */
  restore(chosen) {
    const { question, photo, others, photos } = read(this.draft.key());
    this.text.value ||= question ?? "";
    const drafted = photos ?? [photo, ...(others ?? [])].filter(Boolean); // earlier drafts have one photo and others
    this.photos.restore(chosen.length ? chosen.map((each) => ({ ...each, name: gettext("From the library") })) : drafted);
    if (chosen.length) {
      window.history.replaceState(null, "", location.pathname); // a reload restores the draft
      this.text.focus();
    }
    this.changed();
  }

  changed() {
    const count = this.photos.all.length;
    byId("pending-hint").hidden = count < 2;
    this.refresh();
    this.keep();
  }

  /** Keep the draft for a reload; an empty one is none. */
  keep() {
    if (this.sending) return;
    const question = this.text.value, photos = this.photos.stored();
    write(this.draft.key(), question || photos.length ? { question, photos, how: this.draft.how() } : null);
  }

  /** @param {File[]} files all of them become photos of the question, after those that it has */
  take(files) {
    this.fail(null);
    this.photos.take(files);
    this.text.focus();
  }

  /** A photo that a device takes itself. @param {string} device @param {string} camera */
  capture(device, camera) {
    this.fail(null);
    this.photos.capture(device, camera);
    this.text.focus();
  }

  suggest(idea) {
    this.text.value = idea;
    this.changed();
    this.text.focus();
  }

  key(event) {
    // While a word is being composed (Japanese, Chinese, …), Enter ends the word.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.submit();
  }

  async submit() {
    const question = this.text.value.trim();
    if (!question || this.over() || this.sending) return;
    const key = this.draft.key(); // a first question changes it
    this.sending = true;
    this.fail(null);
    this.refresh();
    try {
      await this.ask(question, await this.photos.ids());
      this.text.value = "";
      this.photos.drop();
      write(key, null);
    } catch (error) {
      this.fail(error);
    } finally {
      this.sending = false;
      this.refresh();
    }
  }

  over() {
    return this.text.value.trim().length > this.limit;
  }

  refresh() {
    const length = this.text.value.trim().length;
    byId("count").hidden = length < this.limit * COUNT_FROM;
    byId("count").textContent = `${length} / ${this.limit}`;
    byId("count").classList.toggle("over", this.over());
    byId("ask").disabled = !length || this.over() || this.sending;
    byId("ask").textContent = this.sending && this.photos.busy ? gettext("Uploading…") : gettext("Ask");
    this.text.style.height = "auto";
    this.text.style.height = `${this.text.scrollHeight}px`;
  }

  fail(error) {
    byId("compose-error").hidden = !error;
    byId("compose-error").textContent = error ? sentence(error) : "";
  }
}
