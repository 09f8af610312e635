/** The form of a run: asks the server what it would cost while it is typed, and keeps or starts it. */

import { call } from "../api.js";
import { boot, byId, el, sentence } from "../dom.js";
import * as format from "../format.js";

const PAUSE_MS = 250; // of typing, before the server is asked
const start = boot();
const form = byId("spec");
const places = [...form.querySelectorAll(".field")];
let asked = 0, timer = null;

/** The specification as it stands in the form. Fields without effect keep the value they have. */
function spec() {
  const told = {};
  for (const input of form.querySelectorAll("[name]")) {
    const [outer, inner] = input.name.split(".");
    if (input.type === "checkbox") told[outer] = input.checked;
    else if (!inner) told[outer] = value(input);
  }
  told.privacy = told.privacy ? { noise_multiplier: value(field("privacy.noise_multiplier")), clip: value(field("privacy.clip")) } : null;
  return told;
}

/** A number where it is one; what is none goes to the server as it is, whose sentence says so. Empty: no value. */
function value(input) {
  if (input.tagName === "SELECT") return input.value;
  const text = input.value.trim().replace(",", ".");
  return text === "" ? null : Number.isNaN(Number(text)) ? text : Number(text);
}

const field = (name) => form.elements.namedItem(name);

function showOnlyWhatCounts() {
  for (const place of places.filter((one) => one.dataset.only)) {
    const [name, values] = place.dataset.only.split("=");
    const now = field(name).type === "checkbox" ? (field(name).checked ? "on" : "off") : field(name).value;
    place.hidden = !values.split(",").includes(now);
  }
  for (const hint of form.querySelectorAll("[data-choice-help]")) hint.textContent = hint.closest(".field").querySelector("select").selectedOptions[0]?.dataset.help ?? "";
}

async function estimate() {
  const mine = ++asked;
  try {
    const told = await call("POST", "/api/v1/federation/estimate", { spec: spec() });
    if (mine === asked) show(told);
  } catch (error) {
    if (mine === asked) trouble(sentence(error));
  }
}

function show({ problems, estimate, nodes }) {
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
  byId("start").disabled = !estimate || !nodes.length;
  byId("keep").disabled = !estimate;
  byId("nodes").textContent = nodes.length ? `On ${nodes.join(", ")}.` : "No node with a training lane is online, so nothing can start now.";
  const rows = estimate && [
    ["Up, all clients", format.bytes(estimate.bytes_up)], ["Down, all clients", format.bytes(estimate.bytes_down)],
    ["On the link", format.seconds(estimate.link_s)], ["Computing, about", format.seconds(estimate.compute_s)], ["Starting, queues", format.seconds(estimate.other_s)], ["In all, about", format.seconds(estimate.seconds)],
  ];
  byId("estimate").replaceChildren(...(rows ?? [["Estimate", "mend the marked field"]]).map(([name, text]) => el("div", {}, el("dt", {}, name), el("dd", {}, text))));
}

function trouble(text) {
  byId("trouble").hidden = !text;
  byId("trouble").textContent = text ?? "";
}

async function send(begin) {
  const buttons = [byId("start"), byId("keep")];
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
  showOnlyWhatCounts();
  clearTimeout(timer);
  timer = setTimeout(estimate, PAUSE_MS);
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (!byId("start").disabled) send(true);
});
byId("keep").addEventListener("click", () => send(false));
showOnlyWhatCounts();
estimate();
