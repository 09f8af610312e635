/** Who may use the cameras of a node: for each a choice and the people who are named. For administrators. */

import { call } from "../api.js";
import { byId, el, sentence } from "../dom.js";
import { gettext } from "../i18n.js";

/** @typedef {{name: string, everyone: boolean, people: string[], preview: boolean, folder: ?boolean}} Rule */

/** @param {string} slug @param {Rule[]} rules @param {string[]} people accounts that are no administrators */
export function cameraAccess(slug, rules, people) {
  byId("cameras").hidden = rules.length === 0;
  byId("camera-rules").replaceChildren(...rules.map((rule) => form(slug, rule, people)));
}

/** @param {string} slug @param {Rule} rule @param {string[]} people */
function form(slug, rule, people) {
  const audience = el("select", { "aria-label": gettext("Who may use %(camera)s", { camera: rule.name }) },
    el("option", { value: "named", selected: !rule.everyone }, gettext("administrators and the people below")),
    el("option", { value: "everyone", selected: rule.everyone }, gettext("everyone")));
  const boxes = people.map((person) => el("input", { type: "checkbox", name: "person", value: person, checked: rule.people.includes(person) }));
  const named = el("div", { class: "people" }, boxes.length
    ? boxes.map((box) => el("label", {}, box, ` ${box.value}`))
    : el("p", { class: "hint" }, gettext("There is nobody to name: every account is an administrator's.")));
  const preview = el("input", { type: "checkbox", name: "preview", checked: rule.preview });
  const folder = el("input", { type: "checkbox", name: "folder", checked: rule.folder === true });
  const status = el("span", { class: "hint", role: "status" });
  const refresh = () => { named.hidden = audience.value === "everyone"; };
  audience.addEventListener("change", refresh);
  refresh();
  const save = async (event) => {
    event.preventDefault();
    const body = { everyone: audience.value === "everyone", people: boxes.filter((box) => box.checked).map((box) => box.value), preview: preview.checked, folder: folder.checked };
    try {
      await call("PUT", `/api/v1/nodes/${encodeURIComponent(slug)}/camera-access/${encodeURIComponent(rule.name)}`, body);
      status.textContent = gettext("Saved.");
    } catch (error) {
      status.textContent = sentence(error);
    }
  };
  return el("form", { class: "camera-rule", "data-camera": rule.name, onsubmit: save },
    el("fieldset", {}, el("legend", {}, rule.name), audience, named,
      el("label", {}, preview, ` ${gettext("They, and administrators, may see previews")}`),
      rule.folder !== null && el("label", {}, folder, ` ${gettext("They may ask about all photos in this folder, as administrators may")}`),
      el("div", { class: "actions" }, el("button", { type: "submit", class: "small primary" }, gettext("Save")), status)));
}
