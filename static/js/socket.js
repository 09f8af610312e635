/** A socket that comes back by itself. After each connect the server sends a snapshot, so nothing is lost in between. */

const FIRST_PAUSE_MS = 400;
const LONGEST_PAUSE_MS = 15000;
const PING_MS = 20000;
const SILENCE_MS = 10000; // without a pong after this, the connection is dead and does not know it

/** Close codes after which trying again is useless. */
const FINAL = {
  4401: { message: "You were logged out.", next: "Reload the page to log in." },
  4404: { message: "There is nothing here any more.", next: "Start from the first page." },
};

export class LiveSocket {
  /**
   * @param {string} path
   * @param {{onFrame: (frame: any) => void, onStatus: (note: ?string) => void}} hooks a status of null is "all is well"
   */
  constructor(path, hooks) {
    this.path = path;
    this.hooks = hooks;
    this.failures = 0;
    this.closed = false;
    this.open();
    // A laptop that wakes up or a phone that comes back need not wait for the pause to end.
    this.wake = () => !document.hidden && this.timer && this.open();
    addEventListener("online", this.wake);
    document.addEventListener("visibilitychange", this.wake);
  }

  open() {
    clearTimeout(this.timer);
    this.timer = null;
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const ws = new WebSocket(`${scheme}//${location.host}${this.path}`);
    this.ws = ws;
    ws.onmessage = (message) => this.heard(JSON.parse(message.data));
    ws.onclose = (event) => this.ws === ws && this.lost(event.code);
  }

  /** @param {any} frame @returns {boolean} whether it could be sent */
  send(frame) {
    if (this.ws.readyState !== WebSocket.OPEN) return false;
    this.ws.send(JSON.stringify(frame));
    return true;
  }

  close() {
    this.closed = true;
    clearTimeout(this.timer);
    clearInterval(this.pinger);
    removeEventListener("online", this.wake);
    document.removeEventListener("visibilitychange", this.wake);
    this.ws.close();
  }

  heard(frame) {
    clearTimeout(this.deaf);
    if (frame.type === "pong") return;
    if (frame.type === "error") {
      this.hooks.onStatus(`${frame.message} ${frame.next}`);
      return;
    }
    if (frame.type === "snapshot") {
      this.failures = 0;
      this.hooks.onStatus(null);
      this.keepAlive();
    }
    this.hooks.onFrame(frame);
  }

  keepAlive() {
    clearInterval(this.pinger);
    this.pinger = setInterval(() => {
      if (!this.send({ type: "ping" })) return;
      clearTimeout(this.deaf);
      this.deaf = setTimeout(() => this.drop(), SILENCE_MS);
    }, PING_MS);
  }

  /** Give up a connection that does not answer, without waiting for its closing handshake. */
  drop() {
    const ws = this.ws;
    this.lost(1006);
    ws.onclose = null;
    ws.close();
  }

  lost(code) {
    clearInterval(this.pinger);
    clearTimeout(this.deaf);
    if (this.closed) return;
    if (FINAL[code]) {
      this.closed = true;
      this.hooks.onStatus(`${FINAL[code].message} ${FINAL[code].next}`);
      return;
    }
    this.failures += 1;
    // The first loss is often over before anybody could read about it. 1013: the server has said why itself.
    if (this.failures > 1 && code !== 1013) this.hooks.onStatus("Reconnecting… what you see may be a moment old.");
    const pause = Math.min(FIRST_PAUSE_MS * 2 ** (this.failures - 1), LONGEST_PAUSE_MS);
    this.timer = setTimeout(() => this.open(), pause * (0.5 + Math.random()));
  }
}
