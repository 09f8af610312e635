/** The phases of a turn in words a person understands, with the colour of the place where it happens. */

const PHASES = {
  queued: ["Waiting for a free worker", ""],
  planning: ["Reading the question", ""],
  placing: ["Bringing the photo to the device", ""],
  probing: ["Measuring the link", "link"],
  device: ["Computing on the device", "device"],
  uplink: ["Crossing the link", "link"],
  edge: ["Computing on the edge", "edge"],
  composing: ["Putting the answer together", ""],
};

/** @param {?{name: string, step: ?number}} phase @param {number} steps how many the plan has */
export function phaseWords(phase, steps) {
  const [words, place] = PHASES[phase?.name ?? "queued"] ?? ["Working", ""];
  const which = phase?.step && steps > 1 ? `, step ${phase.step} of ${steps}` : "";
  return { words: words + which, place };
}
