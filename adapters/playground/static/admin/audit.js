// Who decided what, and who was refused what.

import { el, moment } from "../dom.js";
import { CommandForm } from "./command_form.js";
import { read } from "./requests.js";
import { List, block, empty, pager, table } from "./views.js";

const SEARCH_DELAY = 250;
const FILTERS = { words: "Words", member: "Member", action: "Action" };
const HINTS = { words: "any words of an entry", member: "by or about a member", action: "quotas, pause, refused…" };
const COLUMNS = [{ name: "When", look: "time" }, { name: "Who", look: "name" }, { name: "What", look: "name" }, { name: "Details", look: "name" }];

export class AuditSection {
  constructor(page) {
    this.page = page;
    this.list = new List((data) => this.#draw(data));
    this.inputs = Object.fromEntries(Object.keys(FILTERS).map((name) => [name, this.#input(name)]));
    this.keep = new CommandForm(page, {
      command: "studio audit", options: [{ name: "keep", label: "Days", required: true }], submit: "Save", quiet: true,
      onDone: () => { this.keep.say({ title: "Saved", text: "" }); return page.refresh(); },
    });
    this.node = el("div", { class: "blocks" },
      block("Entries", { about: "The newest first. Refusals are recorded a little later than they are given.", look: "wide" },
        el("div", { class: "search" }, Object.entries(FILTERS).flatMap(([name, label]) =>
          el("div", { class: "field" }, el("label", { for: `audit-${name}` }, label), this.inputs[name]))),
        this.list.node),
      block("How long entries are kept", { about: "Older entries are deleted." }, this.keep.node));
  }

  read = () => read("audit", this.page.query);

  // Takes the filters from an address that somebody has gone back to.
  restore() {
    for (const [name, input] of Object.entries(this.inputs)) {
      if (document.activeElement !== input) input.value = this.page.query[name] ?? "";
    }
  }

  show(data) {
    this.list.show(data);
    if (!this.keep.touched) this.keep.fill({ keep: String(data.days) });
  }

  #input(name) {
    const input = el("input", { type: "search", id: `audit-${name}`, placeholder: HINTS[name], autocomplete: "off", maxlength: "100" });
    input.value = this.page.query[name] ?? "";
    input.addEventListener("input", () => {
      clearTimeout(this.typing);
      this.typing = setTimeout(() => this.page.go(this.#filters(), { replace: true }), SEARCH_DELAY);
    });
    return input;
  }

  #filters = () => Object.fromEntries(Object.entries(this.inputs).map(([name, input]) => [name, input.value.trim()]));

  #draw(data) {
    const filtered = Object.values(this.#filters()).some(Boolean);
    const pages = pager(data, (page) => this.page.go({ ...this.#filters(), page }), "Pages of the audit");
    if (data.items.length === 0) {
      return [empty(filtered ? "No entry matches. Use fewer words, or clear a filter." : "Nothing was decided yet. What admins change appears here."), pages];
    }
    return [table("Audit", COLUMNS, data.items.map((entry) => ({
      cells: [
        moment(entry.at), el("b", {}, entry.who),
        [el("span", { class: entry.refused ? "badge alarm" : "badge plain" }, entry.action), " ", entry.about],
        el("dl", { class: "changes" }, entry.details.map(([label, text]) => el("div", {}, el("dt", {}, label), el("dd", {}, text)))),
      ],
    }))), pages];
  }
}
