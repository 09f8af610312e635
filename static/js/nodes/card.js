/** One node on the devices page. */

import { since } from "../clock.js";
import { el } from "../dom.js";
import * as format from "../format.js";
import { decimal, gettext, ngettext, withElements } from "../i18n.js";
import { entry, label, SENSORS } from "../labels.js";
import { timeTitle } from "../times.js";
import { silence } from "./store.js";
import { isLoading, linkWords } from "./words.js";

const ABSENT = gettext("not available");
const ENGINES = { onnx: "ONNX Runtime", torch: "PyTorch", tensorrt: "TensorRT" };
const DEVICES = { cpu: gettext("the processor"), cuda: gettext("the GPU") };

/**
 * @typedef {"approve" | "revoke" | "rotate" | "rename" | "accept" | "restart" | "update" | "tags"} Verb
 * @typedef {(node: any, verb: Verb, body?: any) => void} Act
 * @param {any} node @param {boolean} canManage @param {Act} act @param {?HTMLElement} [choice] a box by which it is chosen
 */
export function nodeCard(node, canManage, act, choice = null) {
  const state = el("span", { class: `state ${node.state}`, title: entry("node_states", node.state).explanation }, label("node_states", node.state));
  const simulated = node.simulated && el("span", { class: "chip simulated", title: gettext("This node runs on the server's machine and simulates a real one") }, format.simulated(node.simulated));
  const calm = node.state === "online" || node.state === "unseen" ? "" : " off";
  const tier = node.tier === "edge" ? gettext("edge") : gettext("device");
  return el("article", { class: `card node ${node.tier}${calm}`, "data-node": node.slug, "aria-label": node.slug },
    el("div", { class: "head" }, choice, el("h2", {}, el("a", { href: `/devices/${node.slug}/` }, node.title), el("small", {}, node.title === node.slug ? tier : `${node.slug} · ${tier}`)), state),
    changed(node, canManage, act),
    node.trouble && el("p", { class: "note error trouble" }, node.trouble),
    node.refused_models && el("p", { class: "note error trouble" }, gettext("It keeps its present models: %(reason)s", { reason: node.refused_models })),
    node.changing_models && el("p", { class: "hint" }, node.changing_models),
    agentUpdate(node),
    node.obstacles.map((/** @type {string} */ sentence) => el("p", { class: "hint obstacle" }, sentence)),
    (simulated || node.tags.length > 0) && el("div", { class: "row" }, simulated, node.tags.map((/** @type {string} */ tag) => el("a", { class: "chip", href: `/devices/?tag=${encodeURIComponent(tag)}` }, tag))),
    node.state === "unseen" && el("p", { class: "hint" }, node.approved ? entry("node_states", "unseen").explanation : gettext("Joined; waiting for approval.")),
    el("dl", {}, rows(node).map(([name, value, title]) => el("div", { title: title ?? null }, el("dt", {}, name), el("dd", { class: value === null ? "absent" : null }, value ?? ABSENT)))),
    canManage && manage(node, act));
}

/** Another board under the same name is no fault by itself, but an admin should know. @param {any} node @param {boolean} canManage @param {Act} act */
function changed(node, canManage, act) {
  if (!node.changed) return null;
  const accept = el("button", { type: "button", class: "small", onclick: () => act(node, "accept") }, gettext("Acknowledge"));
  return el("div", { class: "note changed" }, el("p", {}, `${node.changed} ${gettext("If you did not replace this board, revoke it.")}`), canManage && accept);
}

/** What becomes of its agent, where it is not the server's. @param {any} node */
function agentUpdate({ agent_update: { state, why, version } }) {
  if (state === "failed") return el("p", { class: "note error trouble" }, gettext("It went back from agent %(version)s: %(reason)s", { version, reason: why }));
  const sentence = {
    newer: gettext("Its agent is newer than the server's."),
    available: gettext("The server has another agent for it."),
    waiting: gettext("Its agent is updated to %(version)s when its turn comes.", { version }),
    updating: gettext("Its agent is updated to %(version)s.", { version }),
    manual: version ? gettext("The server has another agent for it; the installer updates it.") : "",
  }[state];
  return sentence ? el("p", { class: "hint" }, [sentence, why].filter(Boolean).join(" ")) : null;
}

/** @param {any} node @returns {(string | null)[][]} name, value (null: the board lacks it), source */
function rows(node) {
  if (node.state === "unseen") return [[gettext("last seen"), gettext("never"), null]];
  const { hardware: h = {}, sensors: s = {} } = node;
  const link = node.tier === "device" ? [[gettext("uplink"), linkWords(node) ?? gettext("not measured yet"), gettext("Bandwidth and round trip, fitted over recent transfers; this is what placement uses")]] : [];
  return [
    ...link,
    [gettext("waiting"), numberOr(node.queue, (n) => ngettext("%(count)s job", "%(count)s jobs", n)), gettext("Jobs in this node's own queue at its last heartbeat")],
    [gettext("workers"), workers(node), gettext("The worker processes of its agent: answering, and training at low priority")],
    [gettext("models"), node.profile ?? (isLoading(node) ? gettext("loading") : null), null],
    [gettext("engine"), engine(node), node.engine?.reason || gettext("What computes the models on this node")],
    ...SENSORS.map((sensor) => [sensor.label, reading(sensor, s, h), sensor.source]),
    [gettext("board"), board(h), null],
    [gettext("agent"), versions(node), null],
    [gettext("last seen"), node.last_seen ? format.ago(silence(node)) : gettext("never"), node.last_seen && timeTitle(node.last_seen)],
  ];
}

/** @param {any} value @param {(n: number) => string} words */
const numberOr = (value, words) => (typeof value === "number" ? words(value) : null);

/** @param {any} node */
function workers({ lanes: states = {} }) {
  const names = [states.stages && gettext("answering"), states.train && gettext("training")].filter(Boolean);
  return names.length ? names.join(", ") : null;
}

/** "51 °C", or "1.2 of 8.0 GB" where the whole is known. @param {import("../labels.js").Sensor} sensor @param {any} sensors @param {any} hardware */
function reading({ name, whole, unit, divisor, digits }, sensors, hardware) {
  const value = sensors[name], total = sensors[whole] ?? hardware[whole];
  if (typeof value !== "number" || (whole && typeof total !== "number")) return null;
  const shown = (/** @type {number} */ n) => decimal(n / divisor, digits);
  return whole ? `${gettext("%(done)s of %(all)s", { done: shown(value), all: shown(total) })} ${unit}` : `${shown(value)} ${unit}`;
}

/** @param {any} h hardware facts */
function board(h) {
  const parts = [h.model, h.machine, typeof h.cpus === "number" && ngettext("%(count)s core", "%(count)s cores", h.cpus)].filter(Boolean);
  return parts.length ? parts.join(" · ") : null;
}

/** @param {any} node */
function versions({ versions: v = {} }) {
  const parts = [v.agent, v.python && `Python ${v.python}`, v.torch && `torch ${v.torch}`].filter(Boolean);
  return parts.length ? parts.join(" · ") : null;
}

/** For staff: approve, rename, rotate or revoke a node; rotating and revoking are confirmed first. @param {any} node @param {Act} act */
function manage(node, act) {
  const place = el("div", { class: "actions" });
  const begin = (/** @type {HTMLElement[]} */ ...parts) => {
    place.classList.add("begun");
    place.replaceChildren(...parts);
  };
  const end = (/** @type {Verb} */ verb, body = {}) => {
    buttons();
    act(node, verb, body);
  };
  const buttons = () => {
    const newer = /** @type {?HTMLElement} */ (place.nextElementSibling);
    if (newer) {
      newer.hidden = false;
      return place.remove();
    }
    place.classList.remove("begun");
    place.replaceChildren(...[...(node.approved ? [] : approval(node, act)),
    el("button", { type: "button", class: "small", onclick: naming }, gettext("Rename")),
    el("button", { type: "button", class: "small", onclick: tagging }, gettext("Tags")),
    node.abilities.includes("restart") && node.state !== "unseen" && el("button", { type: "button", class: "small", disabled: node.restarting, onclick: restarting, title: gettext("Starts its agent again, with its next heartbeat") }, node.restarting ? gettext("Restarting…") : gettext("Restart")),
    ["available", "failed"].includes(node.agent_update.state) && el("button", { type: "button", class: "small", onclick: updating, title: gettext("Installs the server's agent beside the present one, and goes back where it does not work") }, node.agent_update.state === "failed" ? gettext("Try the update again") : gettext("Update agent")),
    node.approved && node.state !== "unseen" && el("button", { type: "button", class: "small", disabled: node.rotating, onclick: rotation, title: gettext("Issues a new token and Redis password with the next heartbeat; the old ones stop working once the new ones are in use") }, node.rotating ? gettext("Rotating…") : gettext("Rotate")),
    el("button", { type: "button", class: "small danger", onclick: confirm }, gettext("Revoke"))].filter(Boolean));
  };
  const typing = (/** @type {Verb} */ verb, /** @type {string} */ field, /** @type {Record<string, any>} */ props) => {
    const input = el("input", props);
    const submit = (event) => {
      event.preventDefault();
      end(verb, { [field]: input.value });
    };
    begin(el("form", { class: "naming", onsubmit: submit }, input, el("button", { type: "submit", class: "small primary" }, gettext("Save")), el("button", { type: "button", class: "small", onclick: buttons }, gettext("Cancel"))));
    input.focus();
    input.select();
  };
  const naming = () => typing("rename", "title", { "aria-label": gettext("Name of %(node)s", { node: node.slug }), maxlength: "60", value: node.title });
  const tagging = () => typing("tags", "tags", { "aria-label": gettext("Tags of %(node)s, with spaces between them", { node: node.slug }), placeholder: gettext("kitchen orin"), maxlength: "600", autocapitalize: "off", value: node.tags.join(" ") });
  const confirmed = (/** @type {Verb} */ verb, /** @type {string} */ word, /** @type {string} */ consequence) => {
    const yes = el("button", { type: "button", class: "small danger", onclick: () => end(verb) }, word);
    begin(el("span", {}, consequence), yes, el("button", { type: "button", class: "small", onclick: buttons }, gettext("Cancel")));
    yes.focus();
  };
  const confirm = () => confirmed("revoke", gettext("Revoke"), gettext("%(node)s will lose access immediately.", { node: node.slug }));
  const restarting = () => confirmed("restart", gettext("Restart"), gettext("The agent of %(node)s restarts within seconds. A job that takes longer than 20 seconds is lost and asked elsewhere.", { node: node.slug }));
  const updating = () => confirmed("update", gettext("Update agent"), gettext("%(node)s fetches the server's agent, checks it and restarts with it. It goes back to the present one where that does not work.", { node: node.slug }));
  const rotation = () => confirmed("rotate", gettext("Rotate"), gettext("%(node)s gets new credentials and restarts its agent within seconds. Jobs that it runs then are lost: questions are asked elsewhere, a training round may count it as late.", { node: node.slug }));
  buttons();
  return place;
}

/** @param {any} node @param {Act} act */
function approval(node, act) {
  if (!node.fingerprint) return [el("span", { class: "hint" }, gettext("Waiting for the board to join."))];
  return [
    el("p", { class: "hint" }, withElements(gettext("Compare with the fingerprint on the board's terminal: %(fingerprint)s"), { fingerprint: el("code", { class: "fingerprint" }, node.fingerprint) })),
    el("button", { type: "button", class: "small primary", onclick: () => act(node, "approve") }, gettext("Approve")),
  ];
}

/** Whether two states of a node look the same on its card, apart from ages, which are updated separately. @param {any} a @param {any} b */
export const looksSame = (a, b) => a && JSON.stringify({ ...a, receivedAt: 0, last_seen: 0, link: 0 }) === JSON.stringify({ ...b, receivedAt: 0, last_seen: 0, link: 0 });

/** Show a node's new card instead of the old one. What a person has begun there stays open, with what was typed; the new buttons wait behind it. @param {HTMLElement} old @param {HTMLElement} card */
export function replaceCard(old, card) {
  const begun = old.querySelector(".actions.begun"), focused = document.activeElement;
  const newer = /** @type {?HTMLElement} */ (card.querySelector(".actions"));
  if (begun && newer) {
    newer.hidden = true;
    newer.before(begun);
  }
  old.replaceWith(card);
  if (focused instanceof HTMLElement && begun?.contains(focused)) focused.focus();
}

/** Update the ages. @param {HTMLElement} card @param {any} node */
export function updateAges(card, node) {
  for (const row of card.querySelectorAll("dl > div")) {
    const name = row.querySelector("dt")?.textContent, value = row.querySelector("dd");
    if (!value) continue;
    if (name === gettext("last seen")) value.textContent = node.last_seen ? format.ago(since(node.last_seen)) : gettext("never");
    if (name === gettext("uplink")) value.textContent = linkWords(node) ?? gettext("not measured yet");
  }
}

/** @param {any} node @returns {?string} */
function engine({ engine }) {
  return engine && gettext("%(engine)s on %(device)s, %(precision)s",
    { engine: ENGINES[engine.name] ?? engine.name, device: DEVICES[engine.device] ?? engine.device, precision: engine.precision });
}
