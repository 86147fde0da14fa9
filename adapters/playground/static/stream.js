// Receives every change, and continues where it was after a lost connection.

import { address } from "./api.js";

const MIN_DELAY = 500;
const MAX_DELAY = 8000;
// A short interruption is not reported.
const REPORT_AFTER = 1200;
// A browser keeps six connections to a host, so hidden tabs close theirs after a while.
const CLOSE_HIDDEN_AFTER = 60_000;
const REPLACED = "Live updates are paused here, because Reverie is open in too many tabs. They continue when you return to this tab.";

export class Stream {
  constructor({ onMessage, onState }) {
    this.onMessage = onMessage;
    this.onState = onState;
    this.seq = 0;
    this.source = null;
    this.delay = MIN_DELAY;
    document.addEventListener("visibilitychange", () => this.#visibilityChanged());
    addEventListener("focus", () => this.#visibilityChanged());
    addEventListener("online", () => this.wanted && this.#connect());
  }

  open(seq) {
    this.seq = seq;
    this.wanted = true;
    this.#connect();
  }

  close() {
    this.wanted = false;
    this.#disconnect();
    clearTimeout(this.reporting);
  }

  #disconnect() {
    clearTimeout(this.retrying);
    this.source?.close();
    this.source = null;
  }

  #connect() {
    this.#disconnect();
    const source = new EventSource(address("events", { since: this.seq }));
    this.source = source;
    source.onopen = () => {
      this.delay = MIN_DELAY;
      clearTimeout(this.reporting);
      this.reporting = 0;
      this.onState(true);
    };
    source.onmessage = (event) => {
      this.seq = Math.max(this.seq, Number(event.lastEventId));
      this.onMessage(JSON.parse(event.data));
    };
    source.addEventListener("closed", (event) => this.#closed(JSON.parse(event.data).reason));
    // The browser's own reconnection gives up after an error status; this one does not.
    source.onerror = () => {
      this.#disconnect();
      this.reporting ||= setTimeout(() => this.onState(false), REPORT_AFTER);
      this.retrying = setTimeout(() => this.#connect(), this.delay);
      this.delay = Math.min(MAX_DELAY, this.delay * 2);
    };
  }

  // The server closed the stream for a reason that reconnecting at once would not change.
  #closed(reason) {
    this.#disconnect();
    if (reason === "signed-out") return location.assign("/playground/login");
    this.onState(false, REPLACED);
  }

  #visibilityChanged() {
    clearTimeout(this.closing);
    if (!this.wanted) return;
    if (document.hidden) this.closing = setTimeout(() => this.#disconnect(), CLOSE_HIDDEN_AFTER);
    else if (!this.source) this.#connect();
  }
}
