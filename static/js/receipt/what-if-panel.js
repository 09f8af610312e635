/** The sliders under a receipt: another link, device speed or edge queue, and what would have been chosen then. */

import { dot, el } from "../dom.js";
import * as format from "../format.js";
import { label } from "../labels.js";
import { canAsk, choose, predict, previousOf, worldOf } from "./what-if.js";

const RATE = { least: 5e3, most: 5e6 }; // bytes per second
const SLOWEST = 32, LONGEST_QUEUE_MS = 5000;

/**
 * Each slider runs from 0 to 1; `value` and `at` convert between its position and its value, bandwidth and speed on a
 * logarithmic scale, the queue finer where it is short.
 */
const SLIDERS = [
  {
    key: "upBytesPerS", name: "link", place: "link", words: format.rate,
    value: (x) => RATE.least * (RATE.most / RATE.least) ** x,
    at: (rate) => Math.log((rate ?? 1e5) / RATE.least) / Math.log(RATE.most / RATE.least),
  },
  {
    key: "slowdown", name: "device", place: "device", words: speed,
    value: (x) => SLOWEST ** (1.25 * x - 0.25),
    at: (times) => (Math.log(times) / Math.log(SLOWEST) + 0.25) / 1.25,
  },
  {
    key: "edgeQueueMs", name: "edge", place: "edge", words: (ms) => (ms < 0.5 ? "no queue" : `${format.ms(ms)} queue`),
    value: (x) => LONGEST_QUEUE_MS * x ** 2,
    at: (ms) => Math.sqrt(ms / LONGEST_QUEUE_MS),
  },
];

/** @param {any} receipt @param {(key: string) => Record<string, any>} remembered attributes of the details @returns {?HTMLElement} */
export function whatIf(receipt, remembered) {
  if (!canAsk(receipt)) return null;
  const box = el("details", { class: "what-if", ...remembered("what-if") }, el("summary", {}, "What if"));
  // Filled when first opened: a long conversation has many receipts, and few are opened.
  const fill = () => box.open && box.childElementCount === 1 && box.append(...panel(receipt).filter(Boolean));
  box.addEventListener("toggle", fill);
  fill();
  return box;
}

function panel(receipt) {
  const original = worldOf(receipt), previous = previousOf(receipt);
  let world = { ...original };
  const result = el("div", { class: "would", "aria-live": "polite" });
  const update = () => result.replaceChildren(...outcome(receipt, world, previous));
  const controls = SLIDERS.map((slider) => control(slider, original[slider.key], (value) => {
    world = { ...world, [slider.key]: value, ...(slider.key === "edgeQueueMs" && { edges: {} }) };
    update();
  }));
  const back = el("button", { type: "button", class: "small", onclick: () => {
    world = { ...original };
    controls.forEach((entry) => entry.reset());
    update();
  } }, "Reset");
  update();
  const only = receipt.forced && el("p", { class: "hint" }, `You chose the route “${label("routes", receipt.forced)}”, so only its methods are compared.`);
  return [only, el("div", { class: "sliders" }, controls.map((entry) => entry.element), back), result];
}

function control({ key, name, place, words, value, at }, start, onChange) {
  const readout = el("output", {}, words(start));
  const input = el("input", { type: "range", min: 0, max: 1, step: 0.005, value: Math.min(1, Math.max(0, at(start))), "data-what": key, "aria-label": NAMES[key], "aria-valuetext": words(start) });
  const show = (now) => {
    readout.textContent = words(now);
    input.setAttribute("aria-valuetext", words(now));
  };
  input.addEventListener("input", () => {
    const now = value(input.valueAsNumber);
    show(now);
    onChange(now);
  });
  const reset = () => {
    input.value = String(at(start));
    show(start);
  };
  return { element: el("label", { class: place }, el("span", {}, dot(place), name), input, readout), reset };
}

const NAMES = { upBytesPerS: "Bandwidth of the link", slowdown: "Speed of the device", edgeQueueMs: "Queue at the edge" };

function speed(times) {
  if (Math.abs(times - 1) < 0.02) return "unchanged";
  return times > 1 ? `${short(times)}× slower` : `${short(1 / times)}× faster`;
}

const short = (times) => (times < 9.95 ? times.toFixed(1).replace(/\.0$/, "") : times.toFixed(0));

function outcome(receipt, world, previous) {
  const { chosen, best } = choose(receipt.candidates, world, previous, receipt.minimises);
  if (!chosen) return [el("p", {}, "No candidate would have been possible.")];
  const longest = Math.max(...best.map((method) => method.ms ?? 0), 1);
  return [
    el("p", {}, verdict(receipt, world, chosen)),
    el("ul", { class: "bars" }, best.map((method) => bar(method, method.candidate.route === chosen.candidate.route ? chosen : null, longest))),
  ];
}

/** One sentence: the choice, its time, and the time of the actual choice. */
function verdict(receipt, world, { candidate, ms }) {
  const used = receipt.candidates.find((entry) => entry.chosen);
  if (candidate === used) return ["The ", el("b", {}, "same method"), ` would have been chosen: ${cost(candidate, ms)}.`];
  const instead = used ? `; ${label("routes", used.route)} would have taken ${format.ms(predict(used, world))}` : "";
  return [el("b", {}, capital(label("routes", candidate.route))), ` would have been chosen: ${cost(candidate, ms)}${instead}.`];
}

const cost = (candidate, ms) => `${ms === null ? "an unknown time" : format.ms(ms)}, ${candidate.uplink_bytes ? `${format.bytes(Math.round(candidate.uplink_bytes))} over the link` : "nothing over the link"}`;
const capital = (words) => words[0].toUpperCase() + words.slice(1);

/** The best method of one route; the length is its time. */
function bar(best, chosen, longest) {
  const { candidate, ms } = chosen ?? best;
  const place = format.placeOf(candidate.route);
  return el("li", { class: chosen ? "won" : null, "data-route": candidate.route },
    el("span", {}, dot(place), format.method(candidate)),
    el("i", { class: `bar ${place}`, style: `width: ${((100 * (ms ?? 0)) / longest).toFixed(1)}%`, "aria-hidden": "true" }),
    el("b", {}, ms === null ? "unknown" : format.ms(ms)));
}
