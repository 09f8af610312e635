/** One run as the page knows it: a snapshot, then what happens. Every event carries the run's `seq`; a gap is fetched again. */

import { LiveSocket } from "../socket.js";

export class RunStore {
  /** @param {any} run the snapshot the page was made with @param {(note: ?string) => void} onStatus */
  constructor(run, onStatus) {
    this.run = run;
    /** @type {(() => void)[]} */
    this.listeners = [];
    this.socket = new LiveSocket(`/ws/federation/${run.run}/`, { onFrame: (frame) => this.heard(frame), onStatus });
  }

  onChange(listener) {
    this.listeners.push(listener);
  }

  heard(frame) {
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
      const news = Object.fromEntries(frame.clients.map((one) => [one.partition, one]));
      const progress = { ...before, clients: { ...before.clients, ...news } };
      this.run = { ...run, seq: frame.seq, phase: `round ${frame.round}`, progress };
    }
    if (frame.type === "run.round") {
      const rounds = [...run.rounds.filter((one) => one.round !== frame.round.round), frame.round];
      this.run = { ...run, seq: frame.seq, seconds: frame.seconds, progress: null, rounds };
    }
  }

  /** What a POST answered: newer than what the page has, or not. */
  put(told) {
    if (told.seq >= this.run.seq) this.run = { ...this.run, ...told };
    for (const listener of this.listeners) listener();
  }
}
