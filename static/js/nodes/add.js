/** The dialog that adds a node: its name, then the single-use code and command, then the board that joined. */

import { ApiError, call } from "../api.js";
import { onTick } from "../clock.js";
import { byId, el, sentence, svg } from "../dom.js";
import { gettext, withElements } from "../i18n.js";

/** @param {import("./store.js").NodeStore} store @param {(node: any) => void} onApprove */
export function addDialog(store, onApprove) {
  const dialog = byId("add-dialog");
  let expires = null;
  /** @type {Set<string>} */
  let before = new Set();
  byId("add").hidden = false;
  byId("add").addEventListener("click", () => {
    expires = null;
    before = new Set(store.all().map(signature));
    dialog.replaceChildren(nameForm(dialog, (answer) => {
      expires = Date.now() + answer.expires_s * 1000;
      dialog.replaceChildren(instructions(dialog, answer));
    }));
    dialog.showModal();
  });
  onTick(() => {
    const place = dialog.querySelector("[data-countdown]");
    if (!dialog.open || expires === null || !place) return;
    if (dialog.querySelector("[data-arrived]")?.childElementCount) return void (place.textContent = "");
    const left = Math.max(0, Math.round((expires - Date.now()) / 1000));
    place.textContent = left ? gettext("Expires in %(time)s. Single use.", { time: `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}` }) : gettext("Expired. Close this and create a new code.");
  });
  store.onChange((kind) => {
    const place = dialog.querySelector("[data-arrived]");
    if (kind !== "nodes" || !dialog.open || !place) return;
    const arrived = store.all().filter((node) => !before.has(signature(node)));
    place.replaceChildren(...arrived.map((node) => arrival(node, onApprove)));
  });
}

/** The same name may return with another board. */
const signature = (node) => `${node.slug} ${node.fingerprint}`;

function arrival(node, onApprove) {
  if (node.approved) return el("p", { class: "note" }, node.state === "online"
    ? gettext("%(node)s is approved and online.", { node: node.slug })
    : gettext("%(node)s is approved: fetching credentials and loading models.", { node: node.slug }));
  return el("div", { class: "arrival" },
    el("p", {}, withElements(gettext("%(node)s is waiting for approval. Compare with the fingerprint on its terminal: %(fingerprint)s"),
      { node: el("b", {}, node.slug), fingerprint: el("code", { class: "fingerprint" }, node.fingerprint) })),
    el("button", { type: "button", class: "primary", onclick: () => onApprove(node) }, gettext("Approve")));
}

function nameForm(dialog, onCode) {
  const name = el("input", { id: "add-name", name: "name", maxlength: "40", pattern: "[a-z][a-z0-9\\-]*", placeholder: "jetson-kitchen", autocomplete: "off", required: true });
  const tier = el("select", { id: "add-tier" }, el("option", { value: "device" }, gettext("device: holds photos")), el("option", { value: "edge" }, gettext("edge: runs the large models")));
  const wrong = el("p", { class: "note error", role: "alert", hidden: true });
  const replace = el("input", { id: "add-replace", type: "checkbox" });
  const replacing = el("label", { class: "check", for: "add-replace", hidden: true }, replace, el("span", {}, gettext("Replace it: the present node is cut off when the new one joins.")));
  const agree = () => {
    replacing.hidden = true;
    replace.checked = false;
  };
  name.addEventListener("input", agree);
  const submit = async (event) => {
    event.preventDefault();
    try {
      onCode(await call("POST", "/devices/add/", { name: name.value.trim(), tier: tier.value, replace: replace.checked }));
    } catch (error) {
      wrong.hidden = false;
      wrong.textContent = sentence(error);
      replacing.hidden = !(error instanceof ApiError && error.code === "name_taken");
    }
  };
  return el("form", { class: "stack", onsubmit: submit }, el("h2", { id: "add-title", class: "title" }, gettext("Add a device")),
    el("div", { class: "field" }, el("label", { for: "add-name" }, gettext("Name")), name, el("p", { class: "hint" }, gettext("Lower-case letters, digits and dashes."))),
    el("div", { class: "field" }, el("label", { for: "add-tier" }, gettext("Type")), tier), wrong, replacing,
    el("div", { class: "buttons" }, closing(dialog, gettext("Cancel")), el("button", { type: "submit", class: "primary" }, gettext("Create code"))));
}

function instructions(dialog, { code, command, qr }) {
  const copied = el("span", { class: "hint", role: "status" });
  // Without TLS a browser offers no clipboard; the command can still be selected.
  const copy = navigator.clipboard && el("button", { type: "button", onclick: async () => {
    await navigator.clipboard.writeText(command);
    copied.textContent = gettext("Copied.");
  } }, gettext("Copy the command"));
  return el("div", { class: "stack" }, el("h2", { id: "add-title", class: "title" }, gettext("Run this on the device")),
    el("pre", { tabindex: "0" }, command),
    el("div", { class: "spend" }, squares(qr),
      el("div", {}, el("p", { class: "hint" }, gettext("The QR code holds the same command. For an agent that is already installed, use this code:")), el("p", { class: "code" }, code))),
    el("p", { class: "hint", "data-countdown": true }),
    el("div", { class: "arrived", "data-arrived": true, role: "status" }),
    el("p", { class: "hint" }, gettext("This code is shown once. When the device has joined, it appears here for your approval.")),
    el("div", { class: "buttons" }, copied, copy, closing(dialog, gettext("Done"))));
}

/** Dark on light in both themes: some readers cannot scan the inverse. @param {{size: number, path: string}} qr */
const squares = ({ size, path }) => svg("svg", { class: "qr", viewBox: `0 0 ${size} ${size}`, role: "img", "aria-label": gettext("The command as a QR code"), "shape-rendering": "crispEdges" },
  svg("rect", { width: size, height: size, fill: "#fff" }), svg("path", { d: path, fill: "#000" }));

const closing = (dialog, words) => el("button", { type: "button", onclick: () => dialog.close() }, words);
