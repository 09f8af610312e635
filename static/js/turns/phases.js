/** The phases of a turn in plain words, with the colour of the place where each happens. */

import { gettext } from "../i18n.js";


const PHASES = {
  queued: [gettext("Waiting for a free worker"), ""],
  models: [gettext("Waiting for other models to load"), ""],
  planning: [gettext("Reading the question"), ""],
  placing: [gettext("Copying the photo to the device"), ""],
  probing: [gettext("Measuring the link"), "link"],
  device: [gettext("Computing on the device"), "device"],
  uplink: [gettext("Sending over the link"), "link"],
  edge: [gettext("Computing on the edge"), "edge"],
  composing: [gettext("Composing the answer"), ""],
};

/** @param {{phase: ?{name: string, step: ?number}, steps: any[], position?: ?number}} turn a live one */
export function phaseWords({ phase, steps: { length: steps }, position }) {
  if (phase?.name === "queued" && (position ?? 1) > 1) return { words: gettext("Waiting for its turn: number %(position)s in the queue", { position }), place: "" };
  const [words, place] = PHASES[phase?.name ?? "queued"] ?? [gettext("Working"), ""];
  if (!phase?.step || steps <= 1) return { words, place };
  return { words: gettext("%(phase)s, step %(step)s of %(steps)s", { phase: words, step: phase.step, steps }), place };
}
