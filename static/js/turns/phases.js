/** The phases of a turn in plain words, with the colour of the place where each happens. */

const PHASES = {
  queued: ["Waiting for a free worker", ""],
  models: ["Waiting for other models to load", ""],
  planning: ["Reading the question", ""],
  placing: ["Copying the photo to the device", ""],
  probing: ["Measuring the link", "link"],
  device: ["Computing on the device", "device"],
  uplink: ["Sending over the link", "link"],
  edge: ["Computing on the edge", "edge"],
  composing: ["Composing the answer", ""],
};

/** @param {{phase: ?{name: string, step: ?number}, steps: any[], position?: ?number}} turn a live one */
export function phaseWords({ phase, steps: { length: steps }, position }) {
  if (phase?.name === "queued" && (position ?? 1) > 1) return { words: `Waiting for its turn: number ${position} in the queue`, place: "" };
  const [words, place] = PHASES[phase?.name ?? "queued"] ?? ["Working", ""];
  const which = phase?.step && steps > 1 ? `, step ${phase.step} of ${steps}` : "";
  return { words: words + which, place };
}
