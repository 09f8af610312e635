/** A socket that reconnects. After each connect the server sends a snapshot, so nothing is lost in between. */

import { gettext } from "./i18n.js";

const FIRST_PAUSE_MS = 400;
const LONGEST_PAUSE_MS = 15000;
const PING_MS = 20000;
const SILENCE_MS = 10000; // without a pong by then, the connection is dead

/** @type {Record<number, {message: string, next: string}>} close codes after which there is no point in reconnecting. */
const FINAL = {
  4401: { message: gettext("You were logged out."), next: gettext("Reload the page to log in.") },
  4429: { message: gettext("You have too many pages open."), next: gettext("Close some of them, then reload this one.") },
  4404: { message: gettext("This page no longer exists."), next: gettext("Start again from the home page.") },
};

export class LiveSocket {
  /**
   * @param {string} path
   * @param {{onFrame: (frame: any) => void, onStatus: (note: ?string) => void}} hooks a status of null means connected
   */
  constructor(path, hooks) {
    this.path = path;
    this.hooks = hooks;
    this.failures = 0;
    this.closed = false;
    /** @type {number | undefined} */
    this.timer = undefined;
    /** @type {number | undefined} */
    this.pinger = undefined;
    /** @type {number | undefined} */
    this.silence = undefined;
    this.ws = this.connect();
    // A laptop or phone that wakes up reconnects at once.
    this.wake = () => !document.hidden && this.timer && this.open();
    addEventListener("online", this.wake);
    document.addEventListener("visibilitychange", this.wake);
  }

  open() {
    this.ws = this.connect();
  }

  /** @returns {WebSocket} */
  connect() {
    clearTimeout(this.timer);
    this.timer = undefined;
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const ws = new WebSocket(`${scheme}//${location.host}${this.path}`);
    ws.onmessage = (message) => this.receive(JSON.parse(message.data));
    ws.onclose = (event) => this.ws === ws && this.lost(event.code);
    return ws;
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

  receive(frame) {
    clearTimeout(this.silence);
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
      clearTimeout(this.silence);
      this.silence = setTimeout(() => this.drop(), SILENCE_MS);
    }, PING_MS);
  }

  /** Abandon a dead connection without waiting for its closing handshake. */
  drop() {
    const ws = this.ws;
    this.lost(1006);
    ws.onclose = null;
    ws.close();
  }

  lost(code) {
    clearInterval(this.pinger);
    clearTimeout(this.silence);
    if (this.closed) return;
    if (FINAL[code]) {
      this.closed = true;
      this.hooks.onStatus(`${FINAL[code].message} ${FINAL[code].next}`);
      return;
    }
    this.failures += 1;
    // The first loss is often over before a note could be read. 1013: the server has sent the reason itself.
    if (this.failures > 1 && code !== 1013) this.hooks.onStatus(gettext("Reconnecting… this page may be out of date."));
    const pause = Math.min(FIRST_PAUSE_MS * 2 ** (this.failures - 1), LONGEST_PAUSE_MS);
    this.timer = setTimeout(() => this.open(), pause * (0.5 + Math.random()));
  }
}
