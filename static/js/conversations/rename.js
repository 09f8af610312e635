/** A title that is edited where it stands. What was typed stays there when it cannot be saved. */

import { call } from "../api.js";
import { el, sentence } from "../dom.js";
import { gettext } from "../i18n.js";

/**
 * @param {{id: string, title: string}} row @param {number} most characters of a title
 * @param {(row: ?any) => void} end called with the conversation as it is now, or null if nothing was changed
 * @returns {HTMLFormElement} to be shown in place of the title
 */
export function renameForm(row, most, end) {
  const field = el("input", { type: "text", value: row.title, dir: "auto", maxlength: most, autocomplete: "off", "aria-label": gettext("Title of the conversation") });
  const wrong = el("p", { class: "error", role: "alert", hidden: true });
  const save = el("button", { type: "submit", class: "small" }, gettext("Save"));
  const submit = async (event) => {
    event.preventDefault();
    save.disabled = wrong.hidden = true;
    try {
      end(await call("PATCH", `/api/v1/conversations/${row.id}`, { title: field.value }));
    } catch (error) {
      wrong.textContent = sentence(error);
      wrong.hidden = save.disabled = false;
      field.focus();
    }
  };
  const leave = (event) => {
    if (event.key !== "Escape" || event.isComposing) return;
    event.stopPropagation();
    end(null);
  };
  const cancel = el("button", { type: "button", class: "small", onclick: () => end(null) }, gettext("Cancel"));
  const form = el("form", { class: "rename", onsubmit: submit, onkeydown: leave }, field, el("span", { class: "buttons" }, save, cancel), wrong);
  requestAnimationFrame(() => field.select());
  return form;
}
