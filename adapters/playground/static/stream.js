// Hears of every change, and goes on where it was after a lost connection.

import { address } from "./api.js";

const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 8000;
// A flicker of the network is not worth a word.
const PATIENCE = 1200;
// A browser keeps six connections to a host; tabs nobody looks at give theirs back.
const HIDDEN_FOR = 60_000;
const PAUSED = "Live updates are paused here, because Reverie is open in too many tabs. They continue when you return to this tab.";

export class Stream {
  constructor({ onMessage, onState }) {
    this.onMessage = onMessage;
    this.onState = onState;
    this.seq = 0;
    this.source = null;
    this.pause = FIRST_PAUSE;
    document.addEventListener("visibilitychange", () => this.#look());
    addEventListener("focus", () => this.#look());
    addEventListener("online", () => this.wanted && this.#connect());
  }

  open(seq) {
    this.seq = seq;
    this.wanted = true;
    this.#connect();
  }

  close() {
    this.wanted = false;
    this.#hangUp();
    clearTimeout(this.complaining);
  }

  #hangUp() {
    clearTimeout(this.retrying);
    this.source?.close();
    this.source = null;
  }

  #connect() {
    this.#hangUp();
    const source = new EventSource(address("events", { since: this.seq }));
    this.source = source;
    source.onopen = () => {
      this.pause = FIRST_PAUSE;
      clearTimeout(this.complaining);
      this.complaining = 0;
      this.onState(true);
    };
    source.onmessage = (event) => {
      this.seq = Math.max(this.seq, Number(event.lastEventId));
      this.onMessage(JSON.parse(event.data));
    };
    source.addEventListener("closed", (event) => this.#closed(JSON.parse(event.data).reason));
    // The browser's own way to connect again gives up for good on an error's status; ours does not.
    source.onerror = () => {
      this.#hangUp();
      this.complaining ||= setTimeout(() => this.onState(false), PATIENCE);
      this.retrying = setTimeout(() => this.#connect(), this.pause);
      this.pause = Math.min(LONGEST_PAUSE, this.pause * 2);
    };
  }

  // The server has ended the stream for a reason that connecting at once would not change.
  #closed(reason) {
    this.#hangUp();
    if (reason === "signed-out") return location.assign("/playground/login");
    this.onState(false, PAUSED);
  }

  #look() {
    clearTimeout(this.resting);
    if (!this.wanted) return;
    if (document.hidden) this.resting = setTimeout(() => this.#hangUp(), HIDDEN_FOR);
    else if (!this.source) this.#connect();
  }
}
