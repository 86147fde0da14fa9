// Who one is in this tab, and what is left of their quota.

import { Problem, get, post } from "./api.js";
import { avatar, byId, el } from "./dom.js";
import { openBeside } from "./menu.js";

const SOON = 600;

export class People {
  constructor({ onSwitch }) {
    this.onSwitch = onSwitch;
    this.button = byId("who");
    this.chip = byId("quota");
    this.button.addEventListener("click", () => this.#choose());
    this.chip.addEventListener("click", () => this.#explain());
  }

  set({ me, people, quota, signed_in: signedIn }) {
    this.me = me;
    this.people = people;
    this.signedIn = signedIn;
    this.button.replaceChildren(avatar(me.name), el("span", { class: "who-name" }, me.name));
    this.button.setAttribute("aria-label", `You are ${me.name}${me.admin ? ", admin" : ""}. Be somebody else`);
    this.quota = null;
    this.#showQuota(quota);
  }

  add(person) {
    if (!this.people.some((known) => known.name === person.name)) this.people.push(person);
  }

  // Several answers at once ask for the numbers once.
  refreshQuota() {
    clearTimeout(this.asking);
    this.asking = setTimeout(async () => {
      const { name } = this.me;
      const { quota } = await get("quota").catch(() => ({ quota: null }));
      if (name === this.me.name) this.#showQuota(quota);
    }, SOON);
  }

  #showQuota(quota) {
    this.quota = quota ?? this.quota;
    this.chip.hidden = !this.quota?.facts.length;
    if (this.chip.hidden) return;
    const left = amount(this.quota, "left");
    const text = left ? [el("b", {}, left), " left"] : "Quota";
    const parts = shares(this.quota);
    const meter = parts && el("span", { class: "meter", "aria-hidden": "true" },
      Object.entries(parts).map(([name, part]) =>
        el("span", { class: name, style: { "inline-size": `${(part * 100).toFixed(1)}%` } })));
    this.chip.replaceChildren(el("span", { class: "quota-text" }, text), meter ?? "");
    this.chip.setAttribute("aria-label", `Quota${left ? `: ${left} left` : ""}. Show all`);
  }

  #explain() {
    openBeside(this.chip, el("div", { role: "dialog", "aria-label": this.quota.title, class: "quota-panel" },
      el("h2", { tabindex: "-1" }, this.quota.title),
      this.quota.facts.map(([name, value]) => el("section", {},
        el("h3", {}, name),
        el("ul", {}, value.split(" · ").map((line) => el("li", {}, line)))))))
      .querySelector("h2").focus();
  }

  #choose() {
    const panel = el("div", { role: "dialog", "aria-label": "Who you are", class: "who-panel" });
    const list = el("ul", { "aria-label": "People" }, this.people.map((person) => el("li", {},
      el("button", {
        type: "button", "aria-current": person.name === this.me.name ? "true" : null,
        on: { click: () => { panel.hidePopover(); if (person.name !== this.me.name) this.onSwitch(person.name); } },
      }, avatar(person.name), el("span", {}, person.name), person.admin && el("span", { class: "badge" }, "admin")))));
    panel.append(
      el("h2", {}, "Who you are in this tab"), list, this.#newcomer(panel),
      this.signedIn ? el("button", { type: "button", class: "quiet", on: { click: signOut } }, "Sign out") : "");
    openBeside(this.button, panel);
    panel.querySelector("[aria-current]")?.focus();
  }

  #newcomer(panel) {
    const field = el("input", {
      id: "newcomer", maxlength: "24", placeholder: "a name", autocapitalize: "off", spellcheck: "false",
      autocomplete: "off", "aria-describedby": "newcomer-problem",
    });
    const problem = el("p", { id: "newcomer-problem", class: "problem", role: "alert" });
    const form = el("form", { class: "newcomer" },
      el("label", { for: "newcomer" }, "Add somebody"),
      el("div", {}, field, el("button", { type: "submit" }, "Add")), problem);
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      try {
        const person = await post("people", { name: field.value });
        this.add(person);
        panel.hidePopover();
        if (person.name !== this.me.name) this.onSwitch(person.name);
      } catch (error) {
        problem.textContent = error instanceof Problem ? error.message : "Reverie does not answer. Try again.";
      }
    });
    return form;
  }
}

async function signOut() {
  await post("logout", {});
  location.assign("/playground/login");
}

// The amount that the first limit says is left, used or reserved, as it is written: "$24.98 left of $25.00".
const amount = (quota, word) => new RegExp(String.raw`(\S+) ${word}\b`).exec(quota.facts[0][1])?.[1];

const dollars = (text) => Number(text?.replace(/[^\d.]/g, "") || NaN);

// Used and reserved as parts of the whole.
function shares(quota) {
  const [left, used, reserved] = ["left", "used", "reserved"].map((word) => dollars(amount(quota, word)));
  const whole = left + used + reserved;
  return whole > 0 ? { used: used / whole, reserved: reserved / whole } : null;
}
