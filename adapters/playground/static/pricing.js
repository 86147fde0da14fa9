// What a command would cost, asked while somebody writes it; the newest question alone is answered.

import { here, post } from "./api.js";

const PAUSE = 250;

export class Pricing {
  constructor(show) {
    this.show = show;
  }

  // `wanted` is what would be sent, without its key; null where there is nothing to price.
  ask(wanted) {
    const question = JSON.stringify(wanted);
    if (question === this.question) return;
    this.question = question;
    clearTimeout(this.timer);
    this.asking?.abort();
    if (!wanted) return this.show({ price: null, refusal: null });
    this.timer = setTimeout(() => this.#send(wanted, question), PAUSE);
  }

  async #send(wanted, question) {
    this.asking = new AbortController();
    try {
      const answer = await post("price", { channel: here(), ...wanted }, { signal: this.asking.signal });
      if (question === this.question) this.show(answer);
    } catch (error) {
      // A price that cannot be had now is no reason not to send: the studio checks it again.
      if (error.name !== "AbortError") this.show({ price: null, refusal: null });
    }
  }
}
