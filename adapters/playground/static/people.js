// The person of this tab and their quota.

import { ApiError, get, post } from "./api.js";
import { avatar, byId, el, withMoments } from "./dom.js";
import { openBeside } from "./menu.js";
import { hasSystemNotices, systemNoticesWanted, wantSystemNotices } from "./notices.js";
import { setLeft } from "./prices.js";

const REFRESH_DELAY = 600;
// A pause may begin and end without anything in this conversation.
const PAUSE_CHECK = 15_000;

export class People {
  constructor({ onSwitch }) {
    this.onSwitch = onSwitch;
    this.button = byId("who");
    this.chip = byId("quota");
    this.button.addEventListener("click", () => this.#openMenu());
    this.chip.addEventListener("click", () => this.#openQuota());
    setInterval(() => this.me && !document.hidden && this.refreshQuota(), PAUSE_CHECK);
  }

  set({ me, manages, people, quota, signed_in: signedIn }) {
    this.me = me;
    this.people = people;
    this.signedIn = signedIn;
    this.button.replaceChildren(avatar(me.name), el("span", { class: "who-name" }, me.name));
    this.button.setAttribute("aria-label", `You are ${me.name}${me.admin ? ", admin" : ""}. Change person`);
    byId("admin").hidden = !manages;
    this.quota = null;
    this.#showQuota(quota);
  }

  add(person) {
    if (!this.people.some((known) => known.name === person.name)) this.people.push(person);
  }

  // Several replies at once cause one request.
  refreshQuota() {
    clearTimeout(this.timer);
    this.timer = setTimeout(async () => {
      const { name } = this.me;
      const { quota } = await get("quota").catch(() => ({ quota: null }));
      if (name === this.me.name) this.#showQuota(quota);
    }, REFRESH_DELAY);
  }

  #showQuota(quota) {
    this.quota = quota ?? this.quota;
    setLeft(this.quota?.left);
    const pause = byId("pause");
    pause.textContent = withMoments(this.quota?.pause ?? "");
    pause.hidden = !pause.textContent;
    this.chip.hidden = !this.quota?.limits.length;
    if (this.chip.hidden) return;
    const [limit] = this.quota.limits;
    this.chip.replaceChildren(el("span", { class: "quota-text" }, el("b", {}, limit.left), " left"), meter(limit));
    this.chip.setAttribute("aria-label", `Quota: ${limit.left} left. Show all`);
  }

  // Warns that what is being written costs more than is left.
  warn(short) {
    this.chip.classList.toggle("short", short);
  }

  #openQuota() {
    const { title, text, limits, facts } = this.quota;
    openBeside(this.chip, el("div", { role: "dialog", "aria-label": title, class: "quota-panel" },
      el("h2", { tabindex: "-1" }, title),
      limits.map(limitNode),
      facts.map(([name, value]) => el("section", {}, el("h3", {}, name), el("p", {}, withMoments(value)))),
      text && el("p", { class: "about" }, text)))
      .querySelector("h2").focus();
  }

  #openMenu() {
    const panel = el("div", { role: "dialog", "aria-label": "Person", class: "who-panel" });
    const list = el("ul", { "aria-label": "People" }, this.people.map((person) => el("li", {},
      el("button", {
        type: "button", "aria-current": person.name === this.me.name ? "true" : null,
        on: { click: () => { panel.hidePopover(); if (person.name !== this.me.name) this.onSwitch(person.name); } },
      }, avatar(person.name), el("span", {}, person.name), person.admin && el("span", { class: "badge" }, "admin")))));
    panel.append(...[
      el("h2", {}, "Your name in this tab"), list, this.#newPersonForm(panel),
      hasSystemNotices && systemNoticeSwitch(),
      this.signedIn ? el("button", { type: "button", class: "quiet", on: { click: signOut } }, "Sign out") : ""].filter(Boolean));
    openBeside(this.button, panel);
    panel.querySelector("[aria-current]")?.focus();
  }

  #newPersonForm(panel) {
    const field = el("input", {
      id: "new-person", maxlength: "24", placeholder: "a name", autocapitalize: "off", spellcheck: "false",
      autocomplete: "off", "aria-describedby": "new-person-problem",
    });
    const errorText = el("p", { id: "new-person-problem", class: "problem", role: "alert" });
    const form = el("form", { class: "new-person" },
      el("label", { for: "new-person" }, "Add a person"),
      el("div", {}, field, el("button", { type: "submit" }, "Add")), errorText);
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      try {
        const person = await post("people", { name: field.value });
        this.add(person);
        panel.hidePopover();
        if (person.name !== this.me.name) this.onSwitch(person.name);
      } catch (error) {
        errorText.textContent = error instanceof ApiError ? error.message : "Temporarily unavailable. Try again.";
      }
    });
    return form;
  }
}

function systemNoticeSwitch() {
  const box = el("input", { type: "checkbox", role: "switch", id: "system-notices", "aria-describedby": "system-notices-problem" });
  const problem = el("p", { class: "problem", id: "system-notices-problem", role: "alert" });
  box.checked = systemNoticesWanted();
  box.addEventListener("change", async () => {
    const asked = box.checked;
    box.checked = await wantSystemNotices(asked);
    problem.textContent = asked && !box.checked ? "This browser does not allow it: allow notifications for this site in its settings." : "";
  });
  return el("div", { class: "field system-notices" }, el("label", { for: "system-notices" }, "System notice when a result is ready"), box, problem);
}

async function signOut() {
  await post("logout", {});
  location.assign("/playground/login");
}

const percent = (part) => `${(Math.min(1, part) * 100).toFixed(1)}%`;

// The words beside it say the same, so that the bar is hidden from screen readers.
const meter = ({ used, reserved }) => el("span", { class: "meter", "aria-hidden": "true" },
  el("span", { class: "used", style: { "inline-size": percent(used) } }),
  el("span", { class: "reserved", style: { "inline-size": percent(reserved) } }));

// A limit of the quota: how much of it is used and reserved, as a bar and in words.
export const limitNode = (limit) => el("section", { class: "limit" },
  el("h3", {}, limit.name), meter(limit),
  el("ul", {}, limit.parts.map((part) => el("li", {}, withMoments(part)))));
