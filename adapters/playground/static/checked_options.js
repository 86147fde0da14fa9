// The options of the command that is being written, as chips that say what is wrong before it is sent.

import { byId, el } from "./dom.js";

export class CheckedOptions {
  // `remove` gets the part of the text that a chip stands for.
  constructor({ remove }) {
    this.list = byId("options");
    this.remove = remove;
  }

  show(options) {
    const focused = this.list.contains(document.activeElement);
    this.list.replaceChildren(...options.map((one, index) => this.#chip(one, index)));
    this.list.hidden = options.length === 0;
    if (focused) (this.list.querySelector("button") ?? byId("command-input")).focus();
  }

  focusProblem() {
    this.list.querySelector(".wrong button")?.focus();
  }

  #chip({ written, name, value, problem }, index) {
    const label = (name ?? written.split(/[\s=]/)[0]).replaceAll("_", " ").replace(/^(--|—|–)/, "");
    const shown = value === "true" ? label : `${label}: ${value || "?"}`;
    const about = problem && el("span", { class: "problem", id: `option-problem-${index}` }, problem);
    return el("li", { class: problem ? "option wrong" : "option" },
      el("span", { class: "sign", "aria-hidden": "true" }, problem ? "!" : "✓"),
      el("span", { class: "words" }, el("span", { class: "name" }, shown), about),
      el("button", {
        type: "button", class: "remove", "aria-label": `Remove ${shown}`, "aria-describedby": problem ? `option-problem-${index}` : null,
        on: { click: () => this.remove(written) },
      }, "×"));
  }
}
