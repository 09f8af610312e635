/** The chat page: one conversation, its socket, the composer, history and nodes at the sides. */

import { call } from "./api.js";
import { observe, onTick } from "./clock.js";
import { Compose } from "./compose.js";
import { Header } from "./conversations/header.js";
import { CameraChoice } from "./device-camera.js";
import { boot, byId, sentence } from "./dom.js";
import { draftKey, read } from "./drafts.js";
import { drawers, History } from "./history.js";
import { NodePanel } from "./nodes/panel.js";
import { Options } from "./options.js";
import { LiveSocket } from "./socket.js";
import { tellOnce } from "./small-models.js";
import { RouteComparison } from "./turns/compare.js";
import { TurnList } from "./turns/list.js";
import { EMPTY, isLive, reduce } from "./turns/state.js";
import { UploadTarget } from "./upload-target.js";

const QUIET_MS = 5000; // without an event for so long, a live turn is fetched again

class Chat {
  constructor(start) {
    this.conversation = start.conversation;
    this.state = EMPTY;
    /** @type {Map<string, number>} turn -> when its last event came or it was last fetched */
    this.lastEvent = new Map();
    const actions = { stop: (turn) => this.act(turn, "stop"), retry: (turn) => this.act(turn, "retry"), fresh: (turn) => this.act(turn, "retry?fresh=true"), compare: (turn) => this.comparison.run(turn),
      edit: (turn, question) => this.edit(turn, question), rate: (turn, rating) => this.rate(turn, rating), noteChars: start.note_chars };
    this.list = new TurnList(byId("turns"), actions, start.rebuild, byId("announcer"));
    this.comparison = new RouteComparison((fields, stored) => this.put(fields, stored));
    this.nodes = new NodePanel(start.nodes, () => this.device());
    this.options = new Options(() => this.nodes.store.of("device"), () => {
      this.nodes.changed();
      this.compose.keep();
    }, read(draftKey(this.conversation)).how);
    this.header = new Header(start.title_chars, start.link_days, () => this.history.load());
    this.history = new History(() => this.conversation, start.title_chars, (row) => this.header.show(row));
    this.compose = new Compose(start, (question, photos) => this.ask(question, photos), { key: () => draftKey(this.conversation), how: () => this.options.value() });
    new CameraChoice(this.nodes.store, (device, camera) => this.compose.capture(device, camera));
    new UploadTarget(this.nodes.store);
    if (start.row) this.header.show(start.row);
    if (this.conversation) this.connect();
    else byId("welcome").hidden = false;
    onTick(() => this.refetchQuietTurns());
  }

  connect() {
    this.socket = new LiveSocket(`/ws/chat/${this.conversation}/`, { onFrame: (frame) => this.receive(frame), onStatus: note });
  }

  receive(frame) {
    if (frame.type.startsWith("turn.")) this.lastEvent.set(frame.turn.id ?? frame.turn, Date.now());
    // These timestamps are new, so they estimate the server's clock; those of a snapshot may be old.
    if (frame.type === "turn.phase") observe(frame.phase?.since);
    if (frame.type === "turn.answer") {
      observe(frame.finished);
      this.nodes.decisions.soon();
    }
    const { state, refetch } = reduce(this.state, frame);
    if (refetch) this.socket?.send({ type: "refetch", turn: refetch });
    this.show(state);
  }

  show(state) {
    if (state === this.state) return;
    this.state = state;
    byId("welcome").hidden = state.turns.length > 0;
    this.list.draw(state.turns, this.comparison.started);
    this.comparison.update(state.turns);
    this.nodes.changed();
  }

  /** A lost last event leaves no gap in the sequence; and reading an overdue turn ends it, even if every worker is dead. */
  refetchQuietTurns() {
    for (const turn of this.state.turns) {
      if (!isLive(turn) || Date.now() - (this.lastEvent.get(turn.id) ?? 0) < QUIET_MS) continue;
      if (this.socket?.send({ type: "refetch", turn: turn.id })) this.lastEvent.set(turn.id, Date.now());
    }
  }

  /** @param {string} question @param {string[]} photos in their order */
  async ask(question, photos) {
    const turn = await this.put({ question, ...(photos.length > 1 ? { photos } : { photo: photos[0] ?? null }), ...this.options.value() });
    if (!this.conversation) {
      this.conversation = turn.conversation;
      window.history.replaceState(null, "", `/c/${turn.conversation}/`);
      this.connect();
    }
    this.history.load();
  }

  /** Rejects with an ApiError; then nothing has changed. */
  async edit(turn, question) {
    const later = await call("POST", `/api/v1/turns/${turn.id}/edit`, { question });
    this.receive({ type: "turn.snapshot", turn: later });
    this.receive({ type: "turn.replaced", turn: turn.id, by: later.id });
    this.list.toEnd();
    this.history.load();
  }

  async rate(turn, rating) {
    const path = `/api/v1/turns/${turn.id}/rating`;
    const stored = rating ? await call("PUT", path, rating) : await call("DELETE", path);
    this.receive({ type: "turn.rated", turn: turn.id, rating: stored });
  }

  /** @param {any} fields as POST /api/v1/turns takes them @param {(turn: any) => void} stored called before it is drawn */
  async put(fields, stored = () => {}) {
    const turn = await call("POST", "/api/v1/turns", { conversation: this.conversation || null, ...fields });
    stored(turn);
    this.receive({ type: "turn.snapshot", turn });
    this.list.toEnd();
    return turn;
  }

  async act(turn, verb) {
    try {
      this.receive({ type: "turn.snapshot", turn: await call("POST", `/api/v1/turns/${turn.id}/${verb}`) });
    } catch (error) {
      note(sentence(error));
    }
  }

  /** The device this conversation is about: the chosen one, else the one of the last receipt. */
  device() {
    const used = this.state.turns.flatMap((turn) => turn.steps).map((step) => step.receipt?.device).filter(Boolean);
    return byId("node").value || used.at(-1) || "";
  }
}

/** @param {?string} text */
function note(text) {
  byId("connection").hidden = !text;
  byId("connection").textContent = text ?? "";
}

drawers();
tellOnce();
new Chat(boot());
