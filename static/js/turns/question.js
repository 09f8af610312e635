/** The question of a turn with its photo; it can be copied, and the last one of a conversation edited and sent again. */

import { copyButton } from "../copy.js";
import { el, sentence } from "../dom.js";
import { editKey, read, write } from "../drafts.js";
import * as format from "../format.js";
import { gettext } from "../i18n.js";
import { isLive } from "./state.js";

/** @typedef {import("./state.js").Turn} Turn */

export class Question {
  /** @param {Turn} turn @param {?import("./card.js").Actions} actions null where nothing may be changed */
  constructor(turn, actions) {
    this.turn = turn;
    this.actions = actions;
    this.isLast = false;
    this.words = el("div", { class: "words" }, el("p", { dir: "auto" }, turn.question));
    this.edit = el("button", { type: "button", class: "small", hidden: true, "aria-label": gettext("Edit the question"), onclick: () => this.open(turn.question) }, gettext("Edit"));
    this.tools = el("div", { class: "tools" }, actions && this.edit, copyButton(turn.question, gettext("Copy the question")));
    this.element = el("div", { class: "asked" }, el("div", { class: "me" }, this.words, photosOf(turn)), this.tools);
  }

  /** @param {Turn} turn */
  update(turn) {
    this.turn = turn;
    this.offer(this.isLast);
  }

  /** Only the last question of a conversation can be edited, and only once it has ended. @param {boolean} isLast */
  offer(isLast) {
    this.isLast = isLast;
    this.edit.hidden = !this.actions || !isLast || isLive(this.turn) || Boolean(this.form);
    const draft = !this.edit.hidden && read(editKey(this.turn.conversation));
    if (draft && draft.turn === this.turn.id) this.open(draft.question, false);
  }

  /** @param {string} text @param {boolean} [takesFocus] */
  open(text, takesFocus = true) {
    const field = el("textarea", { rows: 2, dir: "auto", "aria-label": gettext("The edited question") });
    const wrong = el("p", { class: "note error", role: "alert", hidden: true });
    const send = el("button", { type: "submit", class: "small primary" }, gettext("Send again"));
    const submit = async (event) => {
      event.preventDefault();
      if (send.disabled) return;
      send.disabled = wrong.hidden = true;
      try {
        await this.actions?.edit(this.turn, field.value);
        this.close();
      } catch (error) {
        wrong.textContent = sentence(error);
        wrong.hidden = send.disabled = false;
        field.focus();
      }
    };
    const key = (event) => {
      if (event.key === "Escape" && !event.isComposing) this.close();
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) submit(event);
    };
    field.value = text;
    field.addEventListener("input", () => write(editKey(this.turn.conversation), { turn: this.turn.id, question: field.value }));
    const cancel = el("button", { type: "button", class: "small", onclick: () => this.close() }, gettext("Cancel"));
    const words = el("p", { class: "hint" }, gettext("The earlier question and its answer stay, marked as replaced."));
    this.form = el("form", { class: "edit", onsubmit: submit, onkeydown: key }, field, words, wrong, el("div", { class: "buttons" }, cancel, send));
    this.words.firstElementChild?.replaceWith(this.form);
    this.tools.hidden = true;
    if (takesFocus) field.focus();
  }

  close() {
    write(editKey(this.turn.conversation), null);
    this.form?.replaceWith(el("p", { dir: "auto" }, this.turn.question));
    this.form = undefined;
    this.tools.hidden = false;
    this.offer(this.isLast);
    if (!this.edit.hidden) this.edit.focus();
  }
}

const ONE = { width: 168, height: 140 }, OF_SEVERAL = { width: 112, height: 92 }; // pixels

/** @param {Turn} turn */
function photosOf({ photo, photos, plan }) {
  if (!photos || (photos.length < 2 && !(plan?.photos > 1))) return photo && figure(photo, gettext("The photo this question is about"), format.bytes(photo.bytes), ONE);
  return el("div", { class: "shots" }, photos.map((each) => figure(each, gettext("Photo %(number)s of this question", each), `${each.number} · ${format.bytes(each.bytes)}`, OF_SEVERAL)));
}

function figure(photo, alt, caption, most) {
  return el("figure", {},
    el("a", { href: photo.url, target: "_blank", rel: "noopener" }, el("img", { src: `${photo.url}?small=1`, alt, loading: "lazy", ...fitted(photo, most) })),
    el("figcaption", {}, caption, photo.device && ` · ${gettext("on %(device)s", photo)}`));
}

/** The final size of the image, so that the page does not jump when it loads. */
function fitted({ width, height }, most) {
  const scale = Math.min(most.width / width, most.height / height, 1);
  return { width: Math.round(width * scale), height: Math.round(height * scale) };
}
