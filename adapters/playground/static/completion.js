// Autocomplete of commands, after the ARIA listbox pattern, and the history of sent commands.

import { get } from "./api.js";
import { el } from "./dom.js";
import { withoutTypedKey } from "./key_form.js";

const DELAY = 70;

export class Completion {
  constructor({ field, list, history, write, submit, changed }) {
    Object.assign(this, { field, list, history, write, submit, onChange: changed });
    this.found = [];
    this.active = -1;
    this.historyIndex = 0;
    field.addEventListener("keydown", (event) => this.#key(event));
    field.addEventListener("blur", () => this.hide());
    field.addEventListener("focus", () => this.changed());
    // Clicking a suggestion must not take the focus away from the field.
    list.addEventListener("pointerdown", (event) => event.preventDefault());
  }

  resetHistory() {
    this.historyIndex = 0;
  }

  changed() {
    clearTimeout(this.timer);
    this.request?.abort();
    const { value } = this.field;
    if (!value.startsWith("/") || document.activeElement !== this.field) return this.hide();
    this.timer = setTimeout(() => this.#request(value), DELAY);
  }

  // What is still asked for is not shown either.
  hide() {
    clearTimeout(this.timer);
    this.request?.abort();
    this.found = [];
    this.list.hidden = true;
    this.#mark(-1);
  }

  async #request(text) {
    this.request = new AbortController();
    if (withoutTypedKey(text) !== text) return;
    try {
      const found = await get("suggest", { text }, { signal: this.request.signal });
      if (text === this.field.value && document.activeElement === this.field) this.#show(found);
    } catch (error) {
      // Aborted because of the next letter, whose request fills the list.
      if (error.name !== "AbortError") this.hide();
    }
  }

  #show(found) {
    const typed = this.field.value;
    this.found = found.filter((one) => one.text.trimEnd() !== typed.trimEnd() || !/\s$/.test(typed));
    this.list.replaceChildren(...this.found.map((one, index) => el("li", {
      role: "option", id: `suggestion-${index}`, "aria-selected": "false", on: { click: () => this.#accept(index) },
    }, el("span", { class: "name" }, one.label), el("span", { class: "about" }, one.about))));
    this.list.hidden = this.found.length === 0;
    // Enter completes an incomplete command name; any other text is sent as it is.
    const incomplete = /^\/\S*$/.test(typed) && !this.found.some((one) => one.text.trim() === typed);
    this.#mark(incomplete && this.found.length > 0 ? 0 : -1);
  }

  #mark(index) {
    this.active = index;
    [...this.list.children].forEach((option, at) => {
      option.setAttribute("aria-selected", String(at === index));
      if (at === index) option.scrollIntoView({ block: "nearest" });
    });
    if (index < 0) this.field.removeAttribute("aria-activedescendant");
    else this.field.setAttribute("aria-activedescendant", `suggestion-${index}`);
  }

  #accept(index) {
    this.write(this.found[index].text);
  }

  #key(event) {
    if (event.isComposing) return;
    const count = this.list.hidden ? 0 : this.found.length;
    const { key } = event;
    if (key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      if (count && this.active >= 0) this.#accept(this.active);
      else this.submit();
    } else if (key === "Tab" && !event.shiftKey && count) {
      event.preventDefault();
      this.#accept(Math.max(0, this.active));
    } else if (key === "Escape") {
      if (count) event.preventDefault();
      this.hide();
    } else if ((key === "ArrowDown" || key === "ArrowUp") && this.#usesHistory(key)) {
      event.preventDefault();
      this.#showHistory(key === "ArrowUp" ? 1 : -1);
    } else if ((key === "ArrowDown" || key === "ArrowUp") && count) {
      event.preventDefault();
      const step = key === "ArrowDown" ? 1 : -1;
      this.#mark(this.active < 0 && step < 0 ? count - 1 : (this.active + step + count) % count);
    }
  }

  #usesHistory(key) {
    return this.historyIndex > 0 || (key === "ArrowUp" && this.field.value === "");
  }

  #showHistory(step) {
    const commands = this.history().filter((text, index, all) => text !== all[index + 1]);
    this.historyIndex = Math.max(0, Math.min(commands.length, this.historyIndex + step));
    this.field.value = this.historyIndex ? commands[commands.length - this.historyIndex] : "";
    this.onChange();
    this.hide();
  }
}
