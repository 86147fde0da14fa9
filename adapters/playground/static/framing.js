// The drawing of where /reframe puts its source, renewed while its form is filled in.

import { currentChannel, postForImage } from "./api.js";
import { el } from "./dom.js";

const DELAY = 250;

export class FramingPreview {
  current = false;

  // `names` are the fields that place the source.
  constructor(names) {
    this.names = names;
    this.image = el("img", { alt: "The source in the new frame" });
    this.node = el("figure", { class: "framing", hidden: true, role: "status" },
      this.image, el("figcaption", {}, "The source in the new frame; striped areas are generated, dark ones are cut off."));
  }

  // `command` is the body that would be sent, without its key.
  ask(command) {
    const question = JSON.stringify({ ...command.values, prompt: null });
    if (question === this.question) return;
    this.question = question;
    this.current = false;
    clearTimeout(this.timer);
    this.controller?.abort();
    if (!this.names.some((name) => name in command.values)) return this.#show(null);
    this.timer = setTimeout(() => this.#send(command, question), DELAY);
  }

  close() {
    clearTimeout(this.timer);
    this.controller?.abort();
    this.#show(null);
  }

  async #send(command, question) {
    this.controller = new AbortController();
    try {
      const drawn = await postForImage("preview", { channel: currentChannel(), ...command }, { signal: this.controller.signal });
      if (question === this.question) this.#show(drawn);
    } catch (error) {
      if (error.name !== "AbortError") this.#show(null);
    }
  }

  #show(drawn) {
    // Whether the drawing is of the values that would be sent.
    this.current = Boolean(drawn);
    if (this.image.src) URL.revokeObjectURL(this.image.src);
    if (drawn) this.image.src = URL.createObjectURL(drawn);
    else this.image.removeAttribute("src");
    this.node.hidden = !drawn;
  }
}
