/** One run: a snapshot, then events. Every event carries the run's `seq`; after a gap the run is fetched again. */

import { LiveSocket } from "../socket.js";

export class RunStore {
  /** @param {any} run the snapshot sent with the page @param {(note: ?string) => void} onStatus */
  constructor(run, onStatus) {
    this.run = run;
    /** @type {(() => void)[]} */
    this.listeners = [];
    this.socket = new LiveSocket(`/ws/federation/${run.run}/`, { onFrame: (frame) => this.receive(frame), onStatus });
  }

  onChange(listener) {
    this.listeners.push(listener);
  }

  receive(frame) {
    if (frame.type === "snapshot") this.run = frame;
    else if (frame.seq <= this.run.seq) return; // the snapshot was newer
    else if (frame.seq > this.run.seq + 1) return void this.socket.send({ type: "refetch" });
    else this.apply(frame);
    for (const listener of this.listeners) listener();
  }

  apply(frame) {
    const run = this.run;
    if (frame.type === "run.state") this.run = { ...run, ...frame };
    if (frame.type === "run.client") {
      const before = run.progress?.round === frame.round ? run.progress : { round: frame.round, since: frame.since, clients: {} };
      const updates = Object.fromEntries(frame.clients.map((client) => [client.partition, client]));
      const progress = { ...before, clients: { ...before.clients, ...updates } };
      this.run = { ...run, seq: frame.seq, phase: `round ${frame.round}`, progress };
    }
    if (frame.type === "run.round") {
      const rounds = [...run.rounds.filter((round) => round.round !== frame.round.round), frame.round];
      this.run = { ...run, seq: frame.seq, seconds: frame.seconds, progress: null, rounds };
    }
  }

  /** The response to a POST, unless an event was newer. @param {any} snapshot */
  put(snapshot) {
    if (snapshot.seq >= this.run.seq) this.run = { ...this.run, ...snapshot };
    for (const listener of this.listeners) listener();
  }
}
