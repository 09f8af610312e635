/** The form of a watch: new, a draft, or one that is changed. */

import { call } from "../api.js";
import { previewOf } from "../devices/preview.js";
import { all, boot, byId, el, sentence } from "../dom.js";
import { gettext } from "../i18n.js";
import { ZoneEditor } from "./zone.js";

const { watch, settings, cameras, camera, runs } = boot();
const zone = new ZoneEditor(settings.zone);
const value = (id) => byId(id).value.trim();

byId("place").replaceChildren(...cameras.map((one) => el("option", { value: `${one.node}/${one.camera}` }, gettext("%(camera)s on %(device)s", { camera: one.camera, device: one.node }))));
byId("run").append(...Object.keys(runs).map((run) => el("option", { value: run }, gettext("run %(run)s", { run }))));
byId("run-field").hidden = Object.keys(runs).length === 0;

function fill() {
  const chosen = watch ? `${watch.node}/${watch.camera}` : camera;
  if (cameras.some((one) => `${one.node}/${one.camera}` === chosen)) byId("place").value = chosen;
  byId("by").value = settings.question ? "question" : "thing";
  for (const name of ["looks_for", "question", "expected", "per_second", "cool_down_s", "hits", "window", "clear_after"]) byId(name).value = settings[name];
  for (const name of ["least", "motion"]) byId(name).value = String(Math.round(settings[name] * 1000) / 10);
  for (const name of ["keeps_snapshot", "escalates"]) byId(name).checked = settings[name];
  byId("title").value = watch?.title ?? "";
  byId("run").value = watch?.run ?? "";
  byId("quiet").checked = Boolean(settings.quiet);
  byId("start").value = settings.quiet?.start ?? "22:00";
  byId("until").value = settings.quiet?.until ?? "06:30";
  byId("time_zone").value = settings.quiet?.time_zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone ?? "UTC";
}

function arrange() {
  for (const place of all("[data-only]")) place.hidden = place.dataset.only !== byId("by").value;
  for (const place of all("[data-quiet]")) place.hidden = !byId("quiet").checked;
  byId("classes").replaceChildren(...(runs[byId("run").value] ?? []).map((name) => el("option", { value: name })));
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
