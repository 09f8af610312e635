/** The form of a watch: new, a draft, or one that is changed. */

import { call } from "../api.js";
import { previewOf } from "../devices/preview.js";
import { all, boot, byId, el, sentence } from "../dom.js";
import { gettext } from "../i18n.js";
import { ZoneEditor } from "./zone.js";

const { watch, settings, cameras, camera, runs, run: newer } = boot();
const MOST_NAMED = 6; // classes of a run in its line
const zone = new ZoneEditor(settings.zone);
const value = (id) => byId(id).value.trim();

byId("place").replaceChildren(...cameras.map((one) => el("option", { value: `${one.node}/${one.camera}` }, gettext("%(camera)s on %(device)s", { camera: one.camera, device: one.node }))));
/** The run whose model is chosen; null: the device's own. */
const chosenRun = () => runs.find((one) => String(one.run) === byId("run").value) ?? null;

function runWords({ run, classes, accuracy }) {
  const values = { run, classes: listed(classes), percent: `${Math.round(100 * accuracy)} %` };
  return accuracy === null ? gettext("run %(run)s: %(classes)s", values) : gettext("run %(run)s: %(classes)s · %(percent)s right", values);
}

/** @param {string[]} names */
const listed = (names) => (names.length > MOST_NAMED ? `${names.slice(0, MOST_NAMED).join(", ")} …` : names.join(", "));

byId("run").append(...runs.map((one) => el("option", { value: one.run }, runWords(one))));
if (watch?.run && !runs.some(({ run }) => run === watch.run)) byId("run").append(el("option", { value: watch.run }, gettext("run %(run)s: deleted", { run: watch.run })));
byId("run-field").hidden = byId("run").options.length === 1;

function fill() {
  const chosen = watch ? `${watch.node}/${watch.camera}` : camera;
  if (cameras.some((one) => `${one.node}/${one.camera}` === chosen)) byId("place").value = chosen;
  byId("by").value = settings.question ? "question" : "thing";
  for (const name of ["looks_for", "question", "expected", "per_second", "cool_down_s", "hits", "window", "clear_after"]) byId(name).value = settings[name];
  for (const name of ["least", "motion"]) byId(name).value = String(Math.round(settings[name] * 1000) / 10);
  for (const name of ["keeps_snapshot", "escalates"]) byId(name).checked = settings[name];
  byId("title").value = watch?.title ?? "";
  byId("run").value = watch?.run ?? "";
  if (runs.some(({ run }) => String(run) === newer)) byId("run").value = newer;
  byId("quiet").checked = Boolean(settings.quiet);
  byId("start").value = settings.quiet?.start ?? "22:00";
  byId("until").value = settings.quiet?.until ?? "06:30";
  byId("time_zone").value = settings.quiet?.time_zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone ?? "UTC";
}

function arrange() {
  const run = chosenRun(), trained = byId("run").value !== "";
  if (trained) byId("by").value = "thing"; // such a model answers no questions, and an edge does not have it
  if (trained) byId("escalates").checked = false;
  byId("by").disabled = byId("escalates").disabled = trained;
  for (const place of all("[data-only]")) place.hidden = place.dataset.only !== byId("by").value;
  for (const place of all("[data-quiet]")) place.hidden = !byId("quiet").checked;
  byId("classes").replaceChildren(...(run?.classes ?? []).map((name) => el("option", { value: name })));
  byId("run-words").textContent = runHint(run, trained);
  suggestRun();
}

/** @param {any} run the chosen one @param {boolean} trained */
function runHint(run, trained) {
  if (run) return gettext("Whatever it sees, it answers one of %(classes)s; one of them should be the empty scene.", { classes: listed(run.classes) });
  return trained ? gettext("Its model does not exist any more. Choose another one.") : gettext("A model that your devices trained sees only its own classes.");
}

/** Where a training run has a class of what is typed, say so. */
function suggestRun() {
  const thing = value("looks_for").toLowerCase();
  const knowing = byId("run").value === "" && byId("by").value === "thing" ? runs.find(({ classes }) => classes.some((name) => name.toLowerCase() === thing)) : undefined;
  const place = byId("suggestion"), shown = place.dataset.run;
  place.hidden = !knowing;
  place.dataset.run = knowing ? String(knowing.run) : "";
  if (!knowing || shown === place.dataset.run) return; // a button that is being pressed must stay
  place.replaceChildren(gettext("Run %(run)s was trained to see it.", { run: knowing.run }), " ",
    el("button", { type: "button", class: "small", onclick: () => { byId("run").value = String(knowing.run); arrange(); byId("run").focus(); } }, gettext("Use its model")));
}

/** A number; other text is sent as it is, so that the server says what is wrong. */
function number(id) {
  const text = value(id).replace(",", "."), read = Number(text);
  if (text === "" || Number.isNaN(read)) return text;
  return "percent" in byId(id).dataset ? read / 100 : read;
}

function body() {
  const [node, name] = byId("place").value.split("/");
  const byThing = byId("by").value === "thing";
  const numbers = Object.fromEntries(all("[data-number]").map(({ id }) => [id, number(id)]));
  return {
    node, camera: name, title: value("title"), run: byId("run").value ? Number(byId("run").value) : null,
    settings: {
      ...numbers,
      looks_for: byThing ? value("looks_for") : "",
      question: byThing ? "" : value("question"),
      expected: value("expected") || "yes",
      zone: zone.zone,
      quiet: byId("quiet").checked ? { start: value("start"), until: value("until"), time_zone: value("time_zone") } : null,
      keeps_snapshot: byId("keeps_snapshot").checked,
      escalates: byId("escalates").checked,
    },
  };
}

function trouble(text) {
  byId("trouble").textContent = text ?? "";
  byId("trouble").hidden = !text;
}

byId("look").addEventListener("click", async () => {
  trouble(null);
  byId("look").disabled = true;
  try {
    const [node, camera] = byId("place").value.split("/");
    zone.picture(await previewOf(node, camera));
  } catch (error) {
    trouble(sentence(error));
  }
  byId("look").disabled = false;
});
byId("whole").addEventListener("click", () => zone.whole());
byId("watch").addEventListener("change", arrange);
byId("looks_for").addEventListener("input", suggestRun);
byId("watch").addEventListener("submit", async (submit) => {
  submit.preventDefault();
  trouble(null);
  byId("save").disabled = true;
  try {
    const saved = watch ? await call("PUT", `/api/v1/watches/${watch.id}`, body()) : await call("POST", "/api/v1/watches", body());
    if (saved.state === "draft") await call("POST", `/api/v1/watches/${saved.id}/switch`, { on: true });
    location.href = "/watches/";
  } catch (error) {
    trouble(sentence(error));
    byId("save").disabled = false;
  }
});
fill();
arrange();
byId("save").disabled = byId("look").disabled = cameras.length === 0;
