/** The sliders under a receipt: another link, device speed or edge queue, and what would have been chosen then. */

import { dot, el } from "../dom.js";
import * as format from "../format.js";
import { decimal, gettext, withElements } from "../i18n.js";
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
    key: "upBytesPerS", name: gettext("link"), place: "link", words: format.rate,
    value: (x) => RATE.least * (RATE.most / RATE.least) ** x,
    at: (rate) => Math.log((rate ?? 1e5) / RATE.least) / Math.log(RATE.most / RATE.least),
  },
  {
    key: "slowdown", name: gettext("device"), place: "device", words: speed,
    value: (x) => SLOWEST ** (1.25 * x - 0.25),
    at: (times) => (Math.log(times) / Math.log(SLOWEST) + 0.25) / 1.25,
  },
  {
    key: "edgeQueueMs", name: gettext("edge"), place: "edge", words: (ms) => (ms < 0.5 ? gettext("no queue") : gettext("%(time)s queue", { time: format.ms(ms) })),
    value: (x) => LONGEST_QUEUE_MS * x ** 2,
    at: (ms) => Math.sqrt(ms / LONGEST_QUEUE_MS),
  },
];

/** @param {any} receipt @param {(key: string) => Record<string, any>} remembered attributes of the details @returns {?HTMLElement} */
export function whatIf(receipt, remembered) {
  if (!canAsk(receipt)) return null;
  const box = el("details", { class: "what-if", ...remembered("what-if") }, el("summary", {}, gettext("What if")));
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
  } }, gettext("Reset"));
  update();
  const only = receipt.forced && el("p", { class: "hint" }, gettext("You chose the route “%(route)s”, so only its methods are compared.", { route: label("routes", receipt.forced) }));
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

const NAMES = { upBytesPerS: gettext("Bandwidth of the link"), slowdown: gettext("Speed of the device"), edgeQueueMs: gettext("Queue at the edge") };

function speed(times) {
  if (Math.abs(times - 1) < 0.02) return gettext("unchanged");
  return times > 1 ? gettext("%(times)s× slower", { times: short(times) }) : gettext("%(times)s× faster", { times: short(1 / times) });
}

const short = (times) => decimal(Number(times.toFixed(times < 9.95 ? 1 : 0)));

function outcome(receipt, world, previous) {
  const { chosen, best } = choose(receipt.candidates, world, previous, receipt.minimises);
  if (!chosen) return [el("p", {}, gettext("No candidate would have been possible."))];
  const longest = Math.max(...best.map((method) => method.ms ?? 0), 1);
  return [
    el("p", {}, verdict(receipt, world, chosen)),
    el("ul", { class: "bars" }, best.map((method) => bar(method, method.candidate.route === chosen.candidate.route ? chosen : null, longest))),
  ];
}

/** One sentence: the choice, its time, and the time of the actual choice. */
function verdict(receipt, world, { candidate, ms }) {
  const used = receipt.candidates.find((entry) => entry.chosen);
  if (candidate === used) return withElements(gettext("The %(same)s would have been chosen: %(cost)s."), { same: el("b", {}, gettext("same method")), cost: cost(candidate, ms) });
  const values = { route: el("b", {}, capital(label("routes", candidate.route))), cost: cost(candidate, ms) };
  if (!used) return withElements(gettext("%(route)s would have been chosen: %(cost)s."), values);
  return withElements(gettext("%(route)s would have been chosen: %(cost)s; %(other)s would have taken %(time)s."),
    { ...values, other: label("routes", used.route), time: format.ms(predict(used, world)) });
}

function cost(candidate, ms) {
  const bytes = candidate.uplink_bytes ? gettext("%(bytes)s over the link", { bytes: format.bytes(Math.round(candidate.uplink_bytes)) }) : gettext("nothing over the link");
  return `${ms === null ? gettext("an unknown time") : format.ms(ms)}, ${bytes}`;
}

const capital = (words) => words[0].toUpperCase() + words.slice(1);

/** The best method of one route; the length is its time. */
function bar(best, chosen, longest) {
  const { candidate, ms } = chosen ?? best;
  const place = format.placeOf(candidate.route);
  return el("li", { class: chosen ? "won" : null, "data-route": candidate.route },
    el("span", {}, dot(place), format.method(candidate)),
    el("i", { class: `bar ${place}`, style: `width: ${((100 * (ms ?? 0)) / longest).toFixed(1)}%`, "aria-hidden": "true" }),
    el("b", {}, ms === null ? gettext("unknown") : format.ms(ms)));
}
