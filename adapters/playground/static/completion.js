// Completion of a command by the listbox pattern, and what was written before.

import { get } from "./api.js";
import { el } from "./dom.js";

const PAUSE = 70;

export class Completion {
  constructor({ field, list, history, write, submit, changed }) {
    Object.assign(this, { field, list, history, write, submit, tellChanged: changed });
    this.found = [];
    this.active = -1;
    this.back = 0;
    field.addEventListener("keydown", (event) => this.#key(event));
    field.addEventListener("blur", () => this.hide());
    field.addEventListener("focus", () => this.changed());
    // A press on a suggestion must not take the focus away from the field.
    list.addEventListener("pointerdown", (event) => event.preventDefault());
  }

  forgetBack() {
    this.back = 0;
  }

  changed() {
    clearTimeout(this.asking);
    this.request?.abort();
    const { value } = this.field;
    if (!value.startsWith("/") || document.activeElement !== this.field) return this.hide();
    this.asking = setTimeout(() => this.#ask(value), PAUSE);
  }

  hide() {
    clearTimeout(this.asking);
    this.found = [];
    this.list.hidden = true;
    this.#mark(-1);
  }

  async #ask(text) {
    this.request = new AbortController();
    try {
      const found = await get("suggest", { text }, { signal: this.request.signal });
      if (text === this.field.value && document.activeElement === this.field) this.#show(found);
    } catch (error) {
      // A question that was overtaken by the next letter leaves the list to that one.
      if (error.name !== "AbortError") this.hide();
    }
  }

  #show(found) {
    const typed = this.field.value;
    this.found = found.filter((one) => one.text.trimEnd() !== typed.trimEnd() || !/\s$/.test(typed));
    this.list.replaceChildren(...this.found.map((one, index) => el("li", {
      role: "option", id: `suggestion-${index}`, "aria-selected": "false", on: { click: () => this.#take(index) },
    }, el("span", { class: "name" }, one.label), el("span", { class: "about" }, one.about))));
    this.list.hidden = this.found.length === 0;
    // Half a command's name is no command: Enter finishes it. Anything else is sent as it stands.
    const half = /^\/\S*$/.test(typed) && !this.found.some((one) => one.text.trim() === typed);
    this.#mark(half && this.found.length > 0 ? 0 : -1);
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

  #take(index) {
    this.write(this.found[index].text);
  }

  #key(event) {
    if (event.isComposing) return;
    const count = this.list.hidden ? 0 : this.found.length;
    const { key } = event;
    if (key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      if (count && this.active >= 0) this.#take(this.active);
      else this.submit();
    } else if (key === "Tab" && !event.shiftKey && count) {
      event.preventDefault();
      this.#take(Math.max(0, this.active));
    } else if (key === "Escape" && count) {
      event.preventDefault();
      this.hide();
    } else if ((key === "ArrowDown" || key === "ArrowUp") && this.#recalls(key)) {
      event.preventDefault();
      this.#recall(key === "ArrowUp" ? 1 : -1);
    } else if ((key === "ArrowDown" || key === "ArrowUp") && count) {
      event.preventDefault();
      const step = key === "ArrowDown" ? 1 : -1;
      this.#mark(this.active < 0 && step < 0 ? count - 1 : (this.active + step + count) % count);
    }
  }

  #recalls(key) {
    return this.back > 0 || (key === "ArrowUp" && this.field.value === "");
  }

  #recall(step) {
    const words = this.history().filter((text, index, all) => text !== all[index + 1]);
    this.back = Math.max(0, Math.min(words.length, this.back + step));
    this.field.value = this.back ? words[words.length - this.back] : "";
    this.tellChanged();
    this.hide();
  }
}
