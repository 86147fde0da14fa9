// A form for some options of a command. An error is shown at the field that has to be corrected.

import { confirm, openDialog } from "../dialogs.js";
import { busy, el } from "../dom.js";
import { fieldOf } from "../fields.js";
import { announce } from "../notices.js";
import { run } from "./requests.js";
import { answerNode } from "./views.js";

let count = 0;

// `options` names the fields that are shown, each by its name or as {name, label, about, unset, required, value}.
// `fixed` are values that are sent with them, or a function that answers these. `parts` are other inputs, each
// {node, values()}. `onDone` gets the answer of a command that was not refused.
export class CommandForm {
  constructor(page, { command, options = [], fixed = {}, parts = [], submit = "Save", onlyChanged = false, look = "", clears = false, quiet = false, onDone = () => {} }) {
    Object.assign(this, { command, fixed, parts, onlyChanged, clears, quiet, onDone });
    const known = Object.fromEntries(page.fieldsOf(command).map((field) => [field.name, field]));
    const asked = options.map((option) => (typeof option === "string" ? { name: option } : option));
    this.fields = asked.map(({ name, value: _, ...changes }) =>
      fieldOf({ ...known[name], ...changes }, { app: { people: page.people }, changed: () => this.#forget(), newest: null }));
    this.submitButton = el("button", { type: "submit", class: look === "inline" ? "secondary" : "primary" }, submit);
    this.status = el("div", { class: "status" });
    this.body = el("div", { class: "fields" }, parts.map(({ node }) => node), this.fields.map(({ node }) => node));
    this.node = el("form", { class: `command-form ${look}`, novalidate: true }, this.body,
      el("footer", {}, this.status, this.submitButton));
    this.node.addEventListener("submit", (event) => {
      event.preventDefault();
      busy(this.submitButton, () => this.#send());
    });
    this.fill(Object.fromEntries(asked.filter(({ value }) => value !== undefined).map(({ name, value }) => [name, value])));
  }

  // Puts values into fields by their names; they are what an unchanged form holds.
  fill(values) {
    for (const { field, restore } of this.fields) {
      if (field.name in values) restore(values[field.name] === field.default ? "" : values[field.name]);
    }
    this.initial = this.#drafts();
  }

  // Whether something is written that was not sent yet.
  get touched() {
    return JSON.stringify(this.#drafts()) !== JSON.stringify(this.initial);
  }

  focus() {
    (this.fields[0] ?? { focus: () => this.submitButton.focus() }).focus();
  }

  say(answer) {
    this.status.replaceChildren(answerNode(answer));
    announce([answer.title, answer.text].filter(Boolean).join(". "));
  }

  #drafts() {
    return Object.fromEntries(this.fields.map(({ field, draft }) => [field.name, draft]));
  }

  // What would be sent now.
  get values() {
    const now = this.#drafts();
    const given = this.fields
      .filter(({ field }) => !this.onlyChanged || now[field.name] !== this.initial[field.name])
      .map(({ field, value }) => [field.name, value])
      .filter(([, value]) => value !== null);
    const fixed = typeof this.fixed === "function" ? this.fixed() : this.fixed;
    return Object.assign({}, fixed, ...this.parts.map((part) => part.values()), Object.fromEntries(given));
  }

  async #send() {
    this.#forget();
    const { values } = this;
    if (this.onlyChanged && Object.keys(values).length === 0) {
      return this.say({ title: "", text: "Nothing was changed yet." });
    }
    const answer = await run(this.command, values);
    if (answer.refused) return this.#refuse(answer);
    if (this.clears) this.fill(Object.fromEntries(this.fields.map(({ field }) => [field.name, ""])));
    else this.initial = this.#drafts();
    if (!this.quiet) this.say(answer);
    await this.onDone(answer);
  }

  #refuse(answer) {
    const wrong = this.fields.find(({ field }) => field.name === answer.option);
    if (!wrong) return this.say(answer);
    count += 1;
    const input = wrong.node.querySelector("input, select, textarea");
    const problem = el("p", { class: "problem", id: `problem-${count}` }, answer.text);
    wrong.node.querySelector(".input").after(problem);
    input.setAttribute("aria-invalid", "true");
    this.described = [input, input.getAttribute("aria-describedby")];
    input.setAttribute("aria-describedby", `${problem.id} ${this.described[1]}`);
    wrong.focus();
    announce(answer.text);
  }

  #forget() {
    this.status.replaceChildren();
    this.node.querySelectorAll(".problem").forEach((problem) => problem.remove());
    const [input, about] = this.described ?? [];
    this.described = null;
    input?.removeAttribute("aria-invalid");
    input?.setAttribute("aria-describedby", about);
  }
}

// Whether an admin is sure about setting back what `whose` has used.
export async function confirmReset(whose) {
  const chosen = await confirm({
    title: `Reset what ${whose} has used?`, text: "It is set back to zero for the current period. What is reserved stays reserved.",
    choices: [{ label: "Cancel", confirms: false }, { label: "Reset", confirms: true }],
  });
  return chosen.confirms;
}

// The form in a dialog, which closes once the command is done; `onDone` then gets the answer.
export function openCommandForm(page, { heading, about, onDone, ...options }) {
  const form = new CommandForm(page, {
    ...options, quiet: true,
    onDone: (answer) => { dialog.close(); return onDone(answer); },
  });
  form.submitButton.before(el("button", { type: "button", class: "secondary", on: { click: () => dialog.close() } }, "Cancel"));
  const dialog = openDialog({ heading, about, content: form.node });
  form.focus();
}
