/** One node on the devices page. */

import { since } from "../clock.js";
import { el } from "../dom.js";
import * as format from "../format.js";
import { silence } from "./store.js";
import { linkWords, STATES } from "./words.js";

const ABSENT = "not available";

/**
 * @param {any} node @param {boolean} canManage
 * @param {Record<"approve" | "revoke" | "rotate" | "rename" | "accept", (node: any, body?: any) => void>} actions
 */
export function nodeCard(node, canManage, actions) {
  const state = el("span", { class: `state ${node.state}`, title: STATES[node.state] }, node.state);
  const simulated = node.simulated && el("span", { class: "chip simulated", title: "This node runs on the server's own machine and stands for a real one" }, format.simulated(node.simulated));
  const calm = node.state === "online" || node.state === "unseen" ? "" : " off";
  return el("article", { class: `card node ${node.tier}${calm}`, role: "listitem", "data-node": node.slug, "aria-label": node.slug },
    el("div", { class: "head" }, el("h3", {}, el("a", { href: `/devices/${node.slug}/` }, node.title), el("small", {}, node.title === node.slug ? node.tier : `${node.slug} · ${node.tier}`)), state),
    changed(node, canManage, actions),
    simulated && el("div", {}, simulated),
    node.state === "unseen" && el("p", { class: "hint" }, node.approved ? STATES.unseen : "It has joined and waits for approval."),
    el("dl", {}, rows(node).map(([name, value, title]) => el("div", { title: title ?? null }, el("dt", {}, name), el("dd", { class: value === null ? "absent" : null }, value ?? ABSENT)))),
    canManage && manage(node, actions));
}

/** Another board under the same name is no fault by itself, but nobody should find it out by chance. */
function changed(node, canManage, actions) {
  if (!node.changed) return null;
  const accept = el("button", { type: "button", class: "small", onclick: () => actions.accept(node) }, "I know");
  return el("div", { class: "note changed" }, el("p", {}, `${node.changed} If nobody exchanged it, revoke it.`), canManage && accept);
}

/** @returns {[string, ?string, ?string][]} name, value (null for what the board lacks), source */
function rows(node) {
  if (node.state === "unseen") return [["last heard", "never", null]];
  const { hardware: h = {}, sensors: s = {} } = node;
  const link = node.tier === "device" ? [["uplink", linkWords(node) ?? "not measured yet", "Bandwidth and round trip, fitted over recent transfers; this is what placement uses"]] : [];
  return [
    ...link,
    ["waiting", numberOr(node.queue, (n) => `${n} job${n === 1 ? "" : "s"}`), "Jobs in this node's own queue at its last heartbeat"],
    ["lanes", lanes(node), "The two worker processes of its agent: answering, and training at low priority"],
    ["models", node.profile ?? (node.state === "online" ? "loading" : null), null],
    ["processor", numberOr(s.cpu_percent, (n) => `${Math.round(n)} %`), "From /proc/stat, since the last heartbeat"],
    ["GPU", numberOr(s.gpu_percent, (n) => `${Math.round(n)} %`), "As the board's own driver reports it"],
    ["memory", memory(s, h), "From /proc/meminfo"],
    ["temperature", numberOr(s.temperature_c, (n) => `${n.toFixed(0)} °C`), "The hottest zone of /sys/class/thermal"],
    ["board", board(h), null],
    ["agent", versions(node), null],
    ["last heard", node.last_seen ? format.ago(silence(node)) : "never", node.last_seen],
  ];
}

const numberOr = (value, words) => (typeof value === "number" ? words(value) : null);

function lanes({ lanes: told = {} }) {
  const names = [told.stages && "answering", told.train && "training"].filter(Boolean);
  return names.length ? names.join(", ") : null;
}

function memory(s, h) {
  const total = s.memory_total_mb ?? h.memory_total_mb;
  if (typeof s.memory_used_mb !== "number" || typeof total !== "number") return null;
  return `${(s.memory_used_mb / 1024).toFixed(1)} of ${(total / 1024).toFixed(1)} GB`;
}

function board(h) {
  const parts = [h.model, h.machine, typeof h.cpus === "number" && `${h.cpus} cores`].filter(Boolean);
  return parts.length ? parts.join(" · ") : null;
}

function versions({ versions: v = {} }) {
  const parts = [v.agent, v.python && `Python ${v.python}`, v.torch && `torch ${v.torch}`].filter(Boolean);
  return parts.length ? parts.join(" · ") : null;
}

/** Staff: let a new node in, or withdraw a node's credentials; each after a look at what is about to happen. */
function manage(node, actions) {
  const place = el("div", { class: "actions" });
  const buttons = () => place.replaceChildren(...[...(node.approved ? [] : approval(node, actions)),
    el("button", { type: "button", class: "small", onclick: naming }, "Rename"),
    node.approved && node.state !== "unseen" && el("button", { type: "button", class: "small", disabled: node.rotating, onclick: () => actions.rotate(node), title: "New token and new Redis password with the next heartbeat; the old ones end when it uses them" }, node.rotating ? "Rotating…" : "Rotate"),
    el("button", { type: "button", class: "small danger", onclick: sure }, "Revoke")].filter(Boolean));
  const naming = () => {
    const title = el("input", { "aria-label": `Name of ${node.slug}`, maxlength: "60", value: node.title });
    const submit = (event) => {
      event.preventDefault();
      actions.rename(node, { title: title.value });
      buttons();
    };
    place.replaceChildren(el("form", { class: "naming", onsubmit: submit }, title, el("button", { type: "submit", class: "small primary" }, "Save"), el("button", { type: "button", class: "small", onclick: buttons }, "Cancel")));
    title.focus();
    title.select();
  };
  const sure = () => {
    const yes = el("button", { type: "button", class: "small danger", onclick: () => actions.revoke(node) }, "Revoke");
    place.replaceChildren(el("span", {}, `${node.slug} is refused from then on.`), yes, el("button", { type: "button", class: "small", onclick: buttons }, "Keep"));
    yes.focus();
  };
  buttons();
  return place;
}

function approval(node, actions) {
  if (!node.fingerprint) return [el("span", { class: "hint" }, "Waits for the board to join.")];
  return [
    el("p", { class: "hint" }, "Compare with what the board's terminal shows: ", el("code", { class: "fingerprint" }, node.fingerprint)),
    el("button", { type: "button", class: "small primary", onclick: () => actions.approve(node) }, "Approve"),
  ];
}

/** Whether two states of a node need another card; ages are not a reason, they are renewed apart. */
export const looksSame = (a, b) => a && JSON.stringify({ ...a, heardAt: 0, last_seen: 0, link: 0 }) === JSON.stringify({ ...b, heardAt: 0, last_seen: 0, link: 0 });

/** Renew what grows by itself. @param {HTMLElement} card @param {any} node */
export function renewAges(card, node) {
  for (const row of card.querySelectorAll("dl > div")) {
    const name = row.querySelector("dt").textContent, value = row.querySelector("dd");
    if (name === "last heard") value.textContent = node.last_seen ? format.ago(since(node.last_seen)) : "never";
    if (name === "uplink") value.textContent = linkWords(node) ?? "not measured yet";
  }
}
