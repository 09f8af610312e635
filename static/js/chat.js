/** The chat page: one conversation, its socket, the box to ask from, history and nodes at the sides. */

import { call } from "./api.js";
import { observe, onTick } from "./clock.js";
import { Compose } from "./compose.js";
import { CameraChoice } from "./device-camera.js";
import { UploadWay } from "./direct-upload.js";
import { boot, byId, sentence } from "./dom.js";
import { drawers, History } from "./history.js";
import { How } from "./how.js";
import { NodePanel } from "./nodes/panel.js";
import { LiveSocket } from "./socket.js";
import { ThreeWays } from "./turns/compare.js";
import { TurnList } from "./turns/list.js";
import { EMPTY, isLive, reduce } from "./turns/state.js";

const QUIET_MS = 5000; // a live turn that says nothing for so long is read again, and again after as long

class Chat {
  constructor(start) {
    this.conversation = start.conversation;
    this.state = EMPTY;
    /** @type {Map<string, number>} turn -> when it was last heard of or asked for */
    this.heardOf = new Map();
    const actions = { stop: (turn) => this.act(turn, "stop"), retry: (turn) => this.act(turn, "retry"), compare: (turn) => this.threeWays.run(turn) };
    this.list = new TurnList(byId("turns"), actions, start.rebuild, byId("announcer"));
    this.threeWays = new ThreeWays((fields, stored) => this.put(fields, stored));
    this.nodes = new NodePanel(start.nodes, () => this.device());
    this.how = new How(start.policies, () => this.nodes.store.of("device"), () => this.nodes.changed());
    this.history = new History(() => this.conversation);
    const compose = new Compose(start, (question, photo) => this.ask(question, photo));
    new CameraChoice(this.nodes.store, (device, camera) => compose.look(device, camera));
    new UploadWay(this.nodes.store);
    if (this.conversation) this.connect();
    else byId("welcome").hidden = false;
    onTick(() => this.lookForQuiet());
  }

  connect() {
    this.socket = new LiveSocket(`/ws/chat/${this.conversation}/`, { onFrame: (frame) => this.heard(frame), onStatus: note });
  }

  heard(frame) {
    if (frame.type.startsWith("turn.")) this.heardOf.set(frame.turn.id ?? frame.turn, Date.now());
    // Made just now, so they teach the server's clock; what a snapshot tells may be old.
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
    this.list.draw(state.turns, this.threeWays.begun);
    this.threeWays.saw(state.turns);
    this.nodes.changed();
  }

  /** A lost last event leaves no gap that would show it; and reading an overdue turn ends it, even with every worker dead. */
  lookForQuiet() {
    for (const turn of this.state.turns) {
      if (!isLive(turn) || Date.now() - (this.heardOf.get(turn.id) ?? 0) < QUIET_MS) continue;
      if (this.socket?.send({ type: "refetch", turn: turn.id })) this.heardOf.set(turn.id, Date.now());
    }
  }

  async ask(question, photo) {
    const turn = await this.put({ question, photo, ...this.how.value() });
    if (!this.conversation) {
      this.conversation = turn.conversation;
      window.history.replaceState(null, "", `/c/${turn.conversation}/`);
      this.connect();
    }
    this.history.load();
  }

  /** @param {any} fields as POST /api/v1/turns takes them @param {(turn: any) => void} stored called before it is drawn */
  async put(fields, stored = () => {}) {
    const turn = await call("POST", "/api/v1/turns", { conversation: this.conversation || null, ...fields });
    stored(turn);
    this.heard({ type: "turn.snapshot", turn });
    this.list.toEnd();
    return turn;
  }

  async act(turn, verb) {
    try {
      this.heard({ type: "turn.snapshot", turn: await call("POST", `/api/v1/turns/${turn.id}/${verb}`) });
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
new Chat(boot());
