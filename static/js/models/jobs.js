/** A job on models: its bar while it runs, and its row in the list. */

import { el, sentence } from "../dom.js";
import * as format from "../format.js";

export const isLive = (job) => job.state === "queued" || job.state === "running";

/** The newest job of a kind and profile. */
export const latest = (jobs, kind, profile) => jobs.find((job) => job.kind === kind && job.profile === profile);

/** "1200 of 2900 MB: caption: Salesforce/…" */
export function amount({ done = 0, total = 0, unit, what = "" }) {
  if (!total) return what || "starting";
  const share = unit === "bytes" ? `${format.bytes(done)} of ${format.bytes(total)}` : unit === "percent" ? `${Math.round(done)} %` : `${format.count(done)} of ${format.count(total)} ${unit}`;
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
      el("progress", { max: total || 1, value: total ? done : null, "aria-label": job.label }),
      el("div", { class: "head" }, el("span", { class: "hint amount" }, job.state === "queued" ? "waiting for a worker" : amount(job.progress)), button("Stop", stop)),
    ];
  }
  const words = job.error ? sentence(job.error) : `Stopped at ${amount(job.progress)}.`;
  return [el("p", { class: job.error ? "note error" : "note", role: job.error ? "alert" : null }, words), button("Resume", resume)];
}

export function jobRow(job) {
  return el("tr", {},
    el("td", {}, `${job.label}: ${job.profile}`, job.photos && el("span", { class: "hint" }, job.photos === "own" ? " · own photos" : " · photos of the data folder")),
    el("td", {}, job.by ?? "–"),
    el("td", {}, job.state),
    el("td", {}, el("time", { datetime: job.created }, new Date(job.created).toLocaleString())));
}
