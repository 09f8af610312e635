/**
 * The turns of a conversation: a pure reducer over the events of the socket.
 *
 * Each stored transition of a turn has the next `seq`. Any other event is either old (ignored) or shows that one was
 * missed; then the turn is fetched again and stays as it was until then.
 *
 * @typedef {{id: number, task: string, question: string, state: string, receipt: ?any, error: ?any}} Step
 * @typedef {{id: string, conversation: string, seq: number, state: string, question: string, photo: ?any, photos: any[], policy: string,
 *   route: ?string, node: ?string, created: string, queued: string, position: ?number, finished: ?string, phase: ?any, plan: ?any,
 *   steps: Step[], answer: ?string, error: ?any, replaced_by: ?string, rating: ?{up: boolean, note: string}}} Turn
 * @typedef {{turns: Turn[]}} State
 */

/** @type {State} */
export const EMPTY = { turns: [] };

export const isLive = (turn) => ["queued", "planning", "running"].includes(turn.state);

/**
 * @param {State} state @param {any} frame
 * @returns {{state: State, refetch: ?string}} `refetch` is the id of a turn that missed an event
 */
export function reduce(state, frame) {
  if (frame.type === "snapshot") return { state: { turns: inOrder(newest(state.turns, frame.turns)) }, refetch: null };
  if (frame.type === "turn.snapshot") return { state: put(state, frame.turn), refetch: null };
  if (!frame.type.startsWith("turn.")) return { state, refetch: null };
  if (frame.type === "turn.replaced" || frame.type === "turn.rated") return noted(state, frame);
  const turn = state.turns.find((other) => other.id === frame.turn);
  if (!turn) return { state, refetch: frame.turn };
  if (frame.type === "turn.waiting") return { state: isNewPlace(turn, frame) ? put(state, { ...turn, position: frame.position }) : state, refetch: null };
  if (frame.seq <= turn.seq) return { state, refetch: null };
  const next = frame.seq === turn.seq + 1 ? advance(turn, frame) : null;
  return next ? { state: put(state, next), refetch: null } : { state, refetch: frame.turn };
}

/** What its owner did with a turn: the turn itself is as it was, so the event has no `seq`. */
function noted(state, frame) {
  const turn = state.turns.find((other) => other.id === frame.turn);
  if (!turn) return { state, refetch: frame.turn };
  if (frame.type === "turn.rated") return { state: put(state, { ...turn, rating: frame.rating }), refetch: null };
  const known = state.turns.some((other) => other.id === frame.by);
  return { state: put(state, { ...turn, replaced_by: frame.by }), refetch: known ? null : frame.by };
}

/** The turn after its next event; null if the event does not fit. @returns {?Turn} */
function advance(turn, frame) {
  const moved = { ...turn, seq: frame.seq, state: frame.state, position: null };
  switch (frame.type) {
    case "turn.phase":
      // Queued or claimed again: the results of an earlier attempt are discarded.
      return isAgain(frame) ? { ...moved, ...CLEARED, ...requeued(frame), phase: frame.phase } : { ...moved, ...amended(turn, frame), phase: frame.phase };
    case "turn.plan":
      return { ...moved, plan: frame.plan, steps: frame.plan.steps.map(waiting) };
    case "turn.receipt":
      return turn.steps.some((step) => step.id === frame.step) ? { ...moved, steps: turn.steps.map((step) => settled(step, frame)) } : null;
    case "turn.answer":
      return { ...moved, phase: null, answer: frame.answer, error: frame.error, finished: frame.finished };
    default:
      return null;
  }
}

// A place in the queue is computed, not stored: it comes with the `seq` the turn has.
const isNewPlace = (turn, frame) => turn.seq === frame.seq && turn.state === "queued" && turn.position !== frame.position;

const CLEARED = { plan: null, steps: [], answer: null, error: null, finished: null };
const isAgain = (frame) => frame.state === "queued" || frame.state === "planning";
// A question that depended on another step's answer is complete now, or a draft run has its page.
const amended = (turn, { plan }) =>
  plan ? { plan, steps: turn.steps.map((step) => ({ ...step, question: plan.steps.find((planned) => planned.id === step.id)?.question ?? step.question })) } : {};
const requeued = (frame) => (frame.state === "queued" ? { queued: frame.phase.since } : {});
const waiting = (planned) => ({ id: planned.id, task: planned.task, question: planned.question, state: "waiting", receipt: null, error: null });

function settled(step, frame) {
  if (step.id !== frame.step) return step;
  const state = frame.error ? "failed" : frame.receipt || ["train", "watch"].includes(step.task) ? "answered" : "left out";
  return { ...step, state, receipt: frame.receipt, error: frame.error };
}

/** Insert or replace a turn unless a newer one is present. @param {State} state @param {Turn} turn @returns {State} */
function put(state, turn) {
  const current = state.turns.find((other) => other.id === turn.id);
  if (!current) return { turns: inOrder([...state.turns, turn]) };
  if (turn.seq < current.seq) return state;
  return { turns: state.turns.map((other) => (other === current ? turn : other)) };
}

/** A snapshot may be slightly older than a turn just received over HTTP. */
function newest(current, rows) {
  return rows.map((row) => current.find((other) => other.id === row.id && other.seq > row.seq) ?? row);
}

const inOrder = (turns) => [...turns].sort((a, b) => Date.parse(a.created) - Date.parse(b.created));
