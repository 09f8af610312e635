/** The form of a run: shows the server's cost estimate while it is edited, then saves or starts the run. */

import { call } from "../api.js";
import { all, boot, byId, el, sentence } from "../dom.js";
import * as format from "../format.js";
import { decimal, gettext } from "../i18n.js";

const DEBOUNCE_MS = 250;
const start = boot();
const form = byId("spec");
const places = [...form.querySelectorAll(".field")];
let requests = 0, timer = null;

/** The specification in the form. Hidden fields keep their value. */
function spec() {
  const result = {};
  for (const input of form.querySelectorAll("[name]")) {
    const [outer, inner] = input.name.split(".");
    if (input.type === "checkbox") result[outer] = input.checked;
    else if (!inner) result[outer] = value(input);
  }
  result.privacy = result.privacy ? { noise_multiplier: value(field("privacy.noise_multiplier")), clip: value(field("privacy.clip")) } : null;
  return result;
}

/** A number, or null if empty; other text is sent as it is, so that the server reports the error. */
function value(input) {
  if (input.tagName === "SELECT") return input.value;
  const text = input.value.trim().replace(",", ".");
  return text === "" ? null : Number.isNaN(Number(text)) ? text : Number(text);
}

const field = (name) => form.elements.namedItem(name);

function hideFieldsWithoutEffect() {
  for (const place of places.filter((place) => place.dataset.only)) {
    const [name, values] = (place.dataset.only ?? "").split("=");
    const now = field(name).type === "checkbox" ? (field(name).checked ? "on" : "off") : field(name).value;
    place.hidden = !values.split(",").includes(now);
  }
  for (const hint of all("[data-choice-help]")) hint.textContent = hint.closest(".field")?.querySelector("select")?.selectedOptions[0]?.dataset.help ?? "";
}

async function estimate() {
  const number = ++requests;
  try {
    const result = await call("POST", "/api/v1/federation/estimate", { spec: spec() });
    if (number === requests) show(result);
  } catch (error) {
    if (number === requests) trouble(sentence(error));
  }
}

function show({ problems, estimate, nodes, classes, photos }) {
  trouble(null);
  for (const place of places) {
    const wrong = problems[place.dataset.field];
    const line = place.querySelector(".error");
    place.classList.toggle("wrong", Boolean(wrong));
    line.hidden = !wrong;
    line.textContent = wrong ?? "";
    if (wrong) place.closest("details").open = true;
    if (wrong) place.hidden = false;
  }
  byId("start").disabled = !estimate || !nodes.length || Object.keys(problems).length > 0;
  byId("save").disabled = !estimate;
  byId("nodes").textContent = nodes.length ? gettext("On %(nodes)s.", { nodes: nodes.join(", ") }) : gettext("No node with a training worker is online, so the run cannot start yet.");
  byId("agreed").replaceChildren(...agreed(classes, photos));
  const rows = estimate && [
    [gettext("Up, all clients"), format.bytes(estimate.bytes_up)], [gettext("Down, all clients"), format.bytes(estimate.bytes_down)],
    [gettext("Transfers"), format.seconds(estimate.link_s)], [gettext("Computing, about"), format.seconds(estimate.compute_s)], [gettext("Startup and queues"), format.seconds(estimate.other_s)], [gettext("Total, about"), format.seconds(estimate.seconds)],
    ...(estimate.epsilon === null ? [] : [[gettext("Epsilon at the end"), epsilon(estimate)]]),
  ];
  byId("estimate").replaceChildren(...(rows ?? [[gettext("Estimate"), gettext("correct the marked field")]]).map(([name, text]) => el("div", {}, el("dt", {}, name), el("dd", {}, text))));
}

/** What the noise is worth: one number, or two where it depends on how many clients reply. */
function epsilon({ epsilon: least, epsilon_most: most }) {
  const words = (value) => (value < 100 ? decimal(value, 2) : format.count(Math.round(value)));
  const values = { least: words(least), most: words(most), delta: decimal(0.00001, 5) };
  return values.least === values.most ? `${values.least} (δ = ${values.delta})` : gettext("%(least)s to %(most)s if clients are missing (δ = %(delta)s)", values);
}

/** The classes that the run would have, and what each device holds: agreed before the start, and fixed by it. */
function agreed(classes, photos) {
  const devices = Object.entries(photos ?? {});
  if (field("dataset").selectedOptions[0]?.dataset.ownPhotos !== "yes" || !devices.length) return [];
  const held = (counts) => Object.entries(counts).map(([name, count]) => `${name} ${format.count(count)}`).join(", ") || gettext("no labelled photos");
  return [
    el("p", { class: "hint" }, classes.length ? gettext("Classes of the run: %(classes)s. Folders of other names are skipped.", { classes: classes.join(", ") }) : gettext("No classes are agreed yet.")),
    el("ul", { class: "hint holders" }, devices.map(([name, counts]) => el("li", {}, `${name}: ${held(counts)}`))),
  ];
}

function trouble(text) {
  byId("trouble").hidden = !text;
  byId("trouble").textContent = text ?? "";
}

async function send(begin) {
  const buttons = [byId("start"), byId("save")];
  for (const button of buttons) button.disabled = true;
  try {
    const body = { spec: spec(), start: begin };
    const { run } = await (start.run ? call("PUT", `/api/v1/federation/runs/${start.run}`, body) : call("POST", "/api/v1/federation/runs", body));
    location.assign(`/federation/${run}/`);
  } catch (error) {
    for (const button of buttons) button.disabled = false;
    trouble(sentence(error));
  }
}

form.addEventListener("input", () => {
  hideFieldsWithoutEffect();
  clearTimeout(timer);
  timer = setTimeout(estimate, DEBOUNCE_MS);
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (!byId("start").disabled) send(true);
});
byId("save").addEventListener("click", () => send(false));
hideFieldsWithoutEffect();
estimate();
