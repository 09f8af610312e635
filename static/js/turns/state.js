/**
 * What the page knows about the turns of a conversation: a pure reducer over what the socket says.
 *
 * Each stored transition of a turn has the next `seq`. An event that is not the next one is either old (ignored) or
 * shows that something was missed; then the turn is to be fetched again, and until then stays as it was.
 *
 * @typedef {{id: number, task: string, question: string, state: string, receipt: ?any, error: ?any}} Step
 * @typedef {{id: string, conversation: string, seq: number, state: string, question: string, photo: ?any, policy: string,
 *   route: ?string, node: ?string, created: string, queued: string, finished: ?string, phase: ?any, plan: ?any,
 *   steps: Step[], answer: ?string, error: ?any}} Turn
 * @typedef {{turns: Turn[]}} State
 */

/** @type {State} */
export const EMPTY = { turns: [] };

export const isLive = (turn) => ["queued", "planning", "running"].includes(turn.state);

/**
 * @param {State} state @param {any} frame
 * @returns {{state: State, refetch: ?string}} `refetch` is the id of a turn of which something was missed
 */
export function reduce(state, frame) {
  if (frame.type === "snapshot") return { state: { turns: inOrder(newest(state.turns, frame.turns)) }, refetch: null };
  if (frame.type === "turn.snapshot") return { state: put(state, frame.turn), refetch: null };
  if (!frame.type.startsWith("turn.")) return { state, refetch: null };
  const turn = state.turns.find((one) => one.id === frame.turn);
  if (!turn) return { state, refetch: frame.turn };
  if (frame.seq <= turn.seq) return { state, refetch: null };
  const next = frame.seq === turn.seq + 1 ? step(turn, frame) : null;
  return next ? { state: put(state, next), refetch: null } : { state, refetch: frame.turn };
}

/** The turn after an event that is the next one; null where the event does not fit. @returns {?Turn} */
function step(turn, frame) {
  const moved = { ...turn, seq: frame.seq, state: frame.state };
  switch (frame.type) {
    case "turn.phase":
      // Queued or claimed again: what an earlier attempt found counts no more.
      return isAgain(frame) ? { ...moved, ...AFRESH, ...requeued(frame), phase: frame.phase } : { ...moved, ...amended(turn, frame), phase: frame.phase };
    case "turn.plan":
      return { ...moved, plan: frame.plan, steps: frame.plan.steps.map(waiting) };
    case "turn.receipt":
      return turn.steps.some((one) => one.id === frame.step) ? { ...moved, steps: turn.steps.map((one) => settled(one, frame)) } : null;
    case "turn.answer":
      return { ...moved, phase: null, answer: frame.answer, error: frame.error, finished: frame.finished };
    default:
      return null;
  }
}

const AFRESH = { plan: null, steps: [], answer: null, error: null, finished: null };
const isAgain = (frame) => frame.state === "queued" || frame.state === "planning";
// A question that waited for another step's answer is whole now, or a draft run has its page.
const amended = (turn, { plan }) =>
  plan ? { plan, steps: turn.steps.map((one) => ({ ...one, question: plan.steps.find((step) => step.id === one.id)?.question ?? one.question })) } : {};
const requeued = (frame) => (frame.state === "queued" ? { queued: frame.phase.since } : {});
const waiting = (planned) => ({ id: planned.id, task: planned.task, question: planned.question, state: "waiting", receipt: null, error: null });

function settled(one, frame) {
  if (one.id !== frame.step) return one;
  return { ...one, state: frame.error ? "failed" : "answered", receipt: frame.receipt, error: frame.error };
}

/** Put a whole turn in, unless a newer one is known. @param {State} state @param {Turn} turn @returns {State} */
function put(state, turn) {
  const known = state.turns.find((one) => one.id === turn.id);
  if (!known) return { turns: inOrder([...state.turns, turn]) };
  if (turn.seq < known.seq) return state;
  return { turns: state.turns.map((one) => (one === known ? turn : one)) };
}

/** A snapshot is the truth, but may be a moment older than what an answer over HTTP has just said. */
function newest(known, rows) {
  return rows.map((row) => known.find((one) => one.id === row.id && one.seq > row.seq) ?? row);
}

const inOrder = (turns) => [...turns].sort((a, b) => Date.parse(a.created) - Date.parse(b.created));
