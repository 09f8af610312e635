/** Thumbs up and down for an answer, with an optional note. */

import { el, sentence } from "../dom.js";
import { gettext } from "../i18n.js";
import { icon } from "../conversations/icons.js";

/** @typedef {import("./state.js").Turn} Turn @typedef {{up: boolean, note: string}} Rating */

/** @param {Turn} turn @param {(turn: Turn, rating: ?Rating) => Promise<void>} rate null takes it back @param {number} most characters of a note */
export function ratingOf(turn, rate, most) {
  const wrong = el("p", { class: "note error", role: "alert", hidden: true });
  const attempt = async (rating) => {
    wrong.hidden = true;
    try {
      await rate(turn, rating);
    } catch (error) {
      wrong.textContent = sentence(error);
      wrong.hidden = false;
    }
  };
  const thumb = (up, name) => {
    const pressed = turn.rating?.up === up;
    const press = () => attempt(pressed ? null : { up, note: turn.rating?.note ?? "" });
    const sign = icon("up");
    sign.classList.toggle("down", !up);
    return el("button", { type: "button", class: "small thumb", "data-key": up ? "up" : "down", "aria-pressed": String(pressed), "aria-label": name, title: name, onclick: press }, sign);
  };
  const thumbs = el("span", { class: "thumbs", role: "group", "aria-label": gettext("Rate this answer") }, thumb(true, gettext("Good answer")), thumb(false, gettext("Bad answer")));
  return { thumbs, note: turn.rating ? noteForm(turn.rating, attempt, most) : null, wrong };
}

/** @param {Rating} rating @param {(rating: Rating) => void} save @param {number} most */
function noteForm(rating, save, most) {
  const field = el("input", { type: "text", dir: "auto", value: rating.note, maxlength: most, autocomplete: "off", placeholder: gettext("Why? (optional)"), "aria-label": gettext("Note about this answer"), "data-key": "note" });
  const submit = (event) => {
    event.preventDefault();
    save({ up: rating.up, note: field.value });
  };
  return el("form", { class: "rating-note", onsubmit: submit },
    el("div", { class: "row" }, field, el("button", { type: "submit", class: "small", "data-key": "save-note" }, rating.note ? gettext("Change note") : gettext("Save note"))),
    el("p", { class: "hint" }, gettext("Administrators can read your rating and your note.")));
}
