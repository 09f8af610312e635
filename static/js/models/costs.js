/** What compressing costs the models that answer now: the measured table, and the form that measures it. */

import { dot, el } from "../dom.js";
import { gettext } from "../i18n.js";
import { label, entry } from "../labels.js";
import * as format from "../format.js";
import { isLive, jobStatus, latest } from "./jobs.js";

/** @param {any} profile the active one @param {any[]} jobs @param {any} actions */
export function measured(profile, jobs, actions) {
  const jobsHere = ["agreement", "code"].map((kind) => latest(jobs, kind, profile.name)).filter(Boolean);
  const statuses = jobsHere.map((job) => jobStatus(job, actions)).filter((parts) => parts.length);
  if (!profile.agreement.length) {
    return [...statuses.flat(), el("p", { class: "empty" }, profile.name === "compact" ? gettext("The small models were measured with labels; the table further down has every way.") : gettext("Not measured yet."))];
  }
  const rows = profile.agreement.map((row) => el("tr", {},
    el("td", {}, methodWords(row.method)), el("td", {}, entry("tasks", row.task).label), el("td", {}, format.bytes(Math.round(row.bytes))),
    el("td", {}, format.percent(row.agreement)), el("td", {}, `${format.percent(row.low)} – ${format.percent(row.high)}`), el("td", {}, format.count(row.photos))));
  const head = [gettext("method"), gettext("task"), gettext("bytes"), gettext("same answer"), gettext("95 % interval"), gettext("photos")].map((name) => el("th", { scope: "col" }, name));
  return [...statuses.flat(), el("details", {}, el("summary", {}, gettext("Measured: %(count)s ways", { count: profile.agreement.length })),
    el("div", { class: "scroll" }, el("table", {}, el("thead", {}, el("tr", {}, head)), el("tbody", {}, rows))))];
}

function methodWords(method) {
  const [kind, first, second] = method.split("/");
  return kind === "photo" ? [dot("edge"), gettext("photo as %(codec)s", { codec: `${label("codecs", first)} ${second}` })] : [dot("link"), gettext("split %(place)s, level %(level)s", { place: format.afterBlock(Number(first)), level: second })];
}

/**
 * Drawn once; later only its state changes, so that nobody's choice is lost.
 * @param {HTMLFormElement} form @param {any[]} kinds @param {any} active @param {any} state @param {Function} start
 */
export function fillForm(form, kinds, active, state, start) {
  if (!form.childElementCount) build(form, state.photos);
  const own = radio(form, "own").checked, consent = /** @type {HTMLInputElement} */ (form.querySelector("[name=consent]"));
  /** @type {HTMLElement} */ (consent.closest("label")).hidden = !own;
  const buttons = kinds.filter((kind) => kind.uses_photos && !(kind.name === "code" && active.name === "compact")).map((kind) => {
    const job = latest(state.jobs, kind.name, active.name);
    const busy = Boolean(job && isLive(job));
    return el("button", { type: "button", disabled: busy || (own && !consent.checked), onclick: () => start(kind.name, active.name, own ? "own" : "data") }, gettext(kind.label));
  });
  /** @type {HTMLElement} */ (form.querySelector(".row")).replaceChildren(...buttons);
  form.onchange = () => fillForm(form, kinds, active, state, start);
}

function build(form, photos) {
  const choice = (value, words, checked) => el("label", {}, el("input", { type: "radio", name: "photos", value, checked }), ` ${words}`);
  form.append(
    el("fieldset", {}, el("legend", {}, gettext("Photos to measure on")),
      choice("data", gettext("the %(count)s photos in the data folder of this machine", { count: photos.data }), photos.data > 0 || !photos.own),
      choice("own", gettext("my own %(count)s photos on the server", { count: photos.own }), !(photos.data > 0) && photos.own > 0),
      el("label", { class: "consent" }, el("input", { type: "checkbox", name: "consent" }), ` ${gettext("My photos may be used for this. They stay on this machine; only counts are stored.")}`)),
    el("p", { class: "hint" }, gettext("This runs at low priority and takes minutes with the small models, hours with the large ones on a processor. It can be stopped and resumed.")),
    el("div", { class: "row" }));
}

const radio = (form, value) => /** @type {HTMLInputElement} */ (form.querySelector(`[value=${value}]`));
