/** A job on models: its bar while it runs, and its row in the list. */

import { el, sentence } from "../dom.js";
import * as format from "../format.js";
import { LANGUAGE, gettext } from "../i18n.js";
import { label } from "../labels.js";

export const isLive = (job) => job.state === "queued" || job.state === "running";

/** The newest job of a kind and profile. */
export const latest = (jobs, kind, profile) => jobs.find((job) => job.kind === kind && job.profile === profile);

/** "1200 of 2900 MB: caption: Salesforce/…" */
export function amount({ done = 0, total = 0, unit, what = "" }) {
  if (!total) return what || gettext("starting");
  const share = unit === "bytes" ? gettext("%(done)s of %(all)s", { done: format.bytes(done), all: format.bytes(total) })
    : unit === "percent" ? `${Math.round(done)} %` : `${gettext("%(done)s of %(all)s", { done: format.count(done), all: format.count(total) })} ${unit && gettext(unit)}`;
  return what ? `${share} · ${what}` : share;
}

/**
 * What a job says of itself beside its buttons; nothing for one that is done.
 * @param {any} job @param {{canManage: boolean, stop: (job: any) => void, resume: (job: any) => void}} actions
 */
export function jobStatus(job, { canManage, stop, resume }) {
  if (!job || job.state === "done") return [];
  const { done = 0, total = 0 } = job.progress;
  const button = (words, act) => canManage && el("button", { type: "button", class: "small", onclick: () => act(job) }, words);
  if (isLive(job)) {
    return [
      el("progress", { max: total || 1, value: total ? done : null, "aria-label": gettext(job.label) }),
      el("div", { class: "head" }, el("span", { class: "hint amount" }, job.state === "queued" ? gettext("waiting for a worker") : amount(job.progress)), button(gettext("Stop"), stop)),
    ];
  }
  const words = job.error ? sentence({ message: gettext(job.error.message), next: job.error.next && gettext(job.error.next) }) : gettext("Stopped at %(amount)s.", { amount: amount(job.progress) });
  return [el("p", { class: job.error ? "note error" : "note", role: job.error ? "alert" : null }, words), button(gettext("Resume"), resume)];
}

export function jobRow(job) {
  return el("tr", {},
    el("td", {}, `${gettext(job.label)}: ${job.profile}`, job.photos && el("span", { class: "hint" }, ` · ${job.photos === "own" ? gettext("own photos") : gettext("photos of the data folder")}`)),
    el("td", {}, job.by ?? "–"),
    el("td", {}, label("run_states", job.state)),
    el("td", {}, el("time", { datetime: job.created }, new Date(job.created).toLocaleString(LANGUAGE === "en-GB" ? undefined : LANGUAGE))));
}
