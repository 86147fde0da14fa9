// The admin page: its sections, the one that the address names, and when it is read again.

import { ApiError, setMe } from "../api.js";
import { avatar, byId, el, withMoments } from "../dom.js";
import { showBanner } from "../notices.js";
import { AllowancesSection } from "./allowances.js";
import { AuditSection } from "./audit.js";
import { KeysSection } from "./keys.js";
import { MembersSection } from "./members.js";
import { OverviewSection } from "./overview.js";
import { QueueSection } from "./queue.js";
import { read, readPause } from "./requests.js";
import { RulesSection } from "./rules.js";
import { UsageSection } from "./usage.js";

const SECTIONS = {
  overview: { name: "Overview", Section: OverviewSection },
  members: { name: "Members", Section: MembersSection },
  allowances: { name: "Allowances", Section: AllowancesSection },
  usage: { name: "Usage", Section: UsageSection },
  rules: { name: "Rules", Section: RulesSection },
  audit: { name: "Audit", Section: AuditSection },
  keys: { name: "Keys", Section: KeysSection },
  queue: { name: "Queue", Section: QueueSection },
};
// Jobs go on and other admins decide without this page.
const REFRESH_INTERVAL = 10_000;
const RETRY_DELAY = 2000;

class Page {
  // What the address says after `#`: a section, with its filters and page as a query.
  get place() {
    const [name, query] = location.hash.slice(1).split("?");
    return { name: Object.hasOwn(SECTIONS, name) ? name : "overview", query: new URLSearchParams(query) };
  }

  get query() {
    return Object.fromEntries(this.place.query);
  }

  people = () => this.start.people.map((person) => person.name);

  fieldsOf = (command) => this.start.commands.find((one) => one.name === command).fields;

  // Shows the same section with other filters; `replace` for what is still being typed.
  go(query, { replace = false } = {}) {
    const given = Object.entries(query).filter(([, value]) => value !== "" && value !== null);
    const hash = `#${this.place.name}${given.length ? `?${new URLSearchParams(given)}` : ""}`;
    if (hash === location.hash) return this.refresh();
    if (!replace) {
      location.hash = hash;
      return null;
    }
    history.replaceState(null, "", hash);
    return this.refresh();
  }

  async open() {
    try {
      this.start = await read("start");
      setMe(this.start.me.name);
      this.#showPerson();
      this.show();
    } catch (error) {
      if (!(error instanceof ApiError) || error.status >= 500) {
        showBanner("Temporarily unavailable. Trying again…");
        setTimeout(() => this.open(), RETRY_DELAY);
        return;
      }
      showBanner("");
      byId("sections").hidden = true;
      byId("section").replaceChildren(el("section", { class: "block" },
        el("h2", { id: "section-title" }, "This page is for admins"),
        el("p", {}, `${error.message}. `, el("a", { href: "/" }, "Back to the conversations"))));
    }
  }

  show() {
    const { name } = this.place;
    if (name === this.shown) {
      this.section.restore?.();
      return this.refresh();
    }
    const moved = this.shown !== undefined;
    this.shown = name;
    const { name: title, Section } = SECTIONS[name];
    document.title = `${title} · Admin · Reverie`;
    byId("sections").replaceChildren(el("ul", {}, Object.entries(SECTIONS).map(([key, one]) => el("li", {},
      el("a", { href: `#${key}`, "aria-current": key === name ? "page" : null }, one.name)))));
    this.section = new Section(this);
    const heading = el("h2", { id: "section-title", tabindex: "-1" }, title);
    byId("section").replaceChildren(heading, this.section.node);
    byId("content").scrollTop = 0;
    if (moved) heading.focus({ preventScroll: true });
    return this.refresh();
  }

  // Reads the section and the pause again. Of several at once the last one is shown.
  async refresh() {
    const turn = this.turn = Symbol("refresh");
    const { section } = this;
    try {
      const [data, pause] = await Promise.all([section.read(), readPause()]);
      if (turn !== this.turn) return;
      section.show(data);
      this.#showPause(pause);
      showBanner("");
    } catch (error) {
      if (turn !== this.turn) return;
      showBanner(error instanceof ApiError && error.status < 500 ? error.message : "Temporarily unavailable. What you see may be out of date.");
    }
  }

  #showPerson() {
    const { name } = this.start.me;
    byId("who").replaceChildren(avatar(name), el("span", { class: "who-name" }, name));
  }

  #showPause(text) {
    const pause = byId("pause");
    const shown = withMoments(text);
    if (pause.textContent !== shown) pause.textContent = shown;
    pause.hidden = !shown;
  }
}

const page = new Page();
const refreshIfVisible = () => { if (page.section && !document.hidden) page.refresh(); };
addEventListener("hashchange", () => page.start && page.show());
addEventListener("focus", refreshIfVisible);
document.addEventListener("visibilitychange", refreshIfVisible);
setInterval(refreshIfVisible, REFRESH_INTERVAL);
byId("skip").addEventListener("click", (event) => {
  // The address names the section.
  event.preventDefault();
  byId("content").focus();
});
await page.open();
