/** A button that copies text. */

import { el } from "./dom.js";
import { gettext } from "./i18n.js";

const COPIED_MS = 2000;

/** @param {string} text @param {string} [name] what the button is called for who cannot see where it stands @returns {HTMLElement} */
export function copyButton(text, name) {
  const said = el("span", { class: "hint", role: "status" });
  const copy = async () => {
    said.textContent = (await copied(text)) ? gettext("Copied") : gettext("The browser did not allow it; select the text instead.");
    setTimeout(() => said.replaceChildren(), COPIED_MS);
  };
  return el("span", { class: "copy" }, el("button", { type: "button", class: "small", "data-key": "copy", "aria-label": name, onclick: copy }, gettext("Copy")), said);
}

/** @param {string} text @returns {Promise<boolean>} whether it is in the clipboard */
async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copiedFromField(text); // without TLS a browser offers no clipboard
  }
}

/** @param {string} text */
function copiedFromField(text) {
  const field = el("textarea", { class: "visually-hidden", "aria-hidden": "true", tabindex: "-1" }), focused = document.activeElement;
  field.value = text;
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  if (focused instanceof HTMLElement) focused.focus();
  return done;
}
