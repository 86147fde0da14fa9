// The members: what each of them spent and has left, and what admins can do about it.

import { el } from "../dom.js";
import { confirmReset, openCommandForm } from "./command_form.js";
import { read, run } from "./requests.js";
import { List, block, button, empty, pager, table } from "./views.js";

const SEARCH_DELAY = 250;
const COLUMNS = [
  { name: "Member", look: "name" }, { name: "Spent", look: "number" }, { name: "Reserved", look: "number" }, { name: "Left", look: "number" },
  { name: "Allowance", look: "" }, { name: "", look: "do" },
];

export class MembersSection {
  constructor(page) {
    this.page = page;
    this.list = new List((data, at) => this.#draw(data, at));
    this.search = el("input", { type: "search", id: "member-search", placeholder: "a name", autocomplete: "off", maxlength: "100" });
    this.search.value = page.query.words ?? "";
    this.search.addEventListener("input", () => {
      clearTimeout(this.typing);
      this.typing = setTimeout(() => page.go({ words: this.search.value.trim() }, { replace: true }), SEARCH_DELAY);
    });
    this.node = el("div", { class: "blocks" },
      block("Members of this workspace", { about: "Those who have not used the bot yet come first, then the most recently seen. A rule for one member goes before the rule for every member.", look: "wide" },
        el("div", { class: "search" }, el("label", { for: "member-search" }, "Search"), this.search), this.list.node));
  }

  read = () => read("members", this.page.query);

  // Takes the filter from an address that somebody has gone back to.
  restore() {
    if (document.activeElement !== this.search) this.search.value = this.page.query.words ?? "";
  }

  show = (data) => this.list.show(data);

  #draw(data, at) {
    const { words } = this.page.query;
    if (data.items.length === 0) {
      return [words
        ? empty(`Nobody’s name contains “${words}”. Members are known once they have used the bot or an admin has named them.`)
        : empty("There is nobody on this page."), this.#pager(data)];
    }
    return [table("Members", COLUMNS, data.items.map((member) => this.#row(member, at))), this.#pager(data)];
  }

  #pager = (data) => pager(data, (page) => this.page.go({ ...this.page.query, page }), "Pages of members");

  #row(member, at) {
    const lines = (draw) => member.limits.map((limit) => el("span", { class: "line" }, draw(limit)));
    const { id, name } = member;
    return {
      cells: [
        [el("b", {}, name), member.blocked && el("span", { class: "badge alarm" }, "blocked"),
          member.blocked_by_operator && el("span", { class: "badge alarm" }, "blocked by the operator")],
        lines((limit) => limit.used.text),
        lines((limit) => (limit.reserved.value > 0 ? limit.reserved.text : "–")),
        lines((limit) => limit.left.text),
        [lines((limit) => `${limit.amount.text} each ${limit.period}${limit.granted.value ? ` + ${limit.granted.text}` : ""}`),
          member.has_own_rule && el("span", { class: "badge" }, "own rule")],
        el("div", { class: "buttons" },
          button("Allowance", `${id} allowance`, () => this.#setAllowance(member), { name: `Allowance of ${name}` }),
          button("Grant", `${id} grant`, () => this.#grant(member), { name: `Grant something extra to ${name}` }),
          button("Reset", `${id} reset`, () => this.#reset(member), { name: `Reset what ${name} has used` }),
          button(member.blocked ? "Unblock" : "Block", `${id} block`, () => this.#do(member, `rules ${member.blocked ? "unblock" : "block"}`),
            { name: `${member.blocked ? "Unblock" : "Block"} ${name}`, look: member.blocked ? "" : "quiet" })),
      ],
      answer: at(id),
    };
  }

  #setAllowance({ id, name, limits, has_own_rule: own }) {
    const [limit] = limits;
    openCommandForm(this.page, {
      heading: `Allowance of ${name}`,
      about: own ? "It replaces the rule that names this member." : "It goes before the rule for every member.",
      command: "quotas set", fixed: { member: name }, submit: "Set",
      options: [{ name: "amount", value: limit?.amount.typed }, { name: "unit", value: limit?.unit }, { name: "period", value: limit?.period }],
      onDone: (answer) => this.#answered(id, answer),
    });
  }

  #grant({ id, name }) {
    openCommandForm(this.page, {
      heading: `Grant to ${name}`, about: "Added to what is left in the current period.",
      command: "quotas grant", fixed: { member: name }, submit: "Grant", options: ["amount", "unit", "reason"],
      onDone: (answer) => this.#answered(id, answer),
    });
  }

  // Money, pictures and videos are counted each for themselves.
  async #reset({ id, name, limits }) {
    if (!await confirmReset(name)) return;
    const answers = [];
    for (const { unit } of limits) answers.push(await run("quotas reset", { member: name, unit }));
    await this.#answered(id, { ...answers[0], refused: answers.some((one) => one.refused), text: answers.map((one) => one.text).join("\n") });
  }

  async #do({ id, name }, command) {
    await this.#answered(id, await run(command, { member: name }));
  }

  #answered(key, answer) {
    this.list.say(key, { ...answer, facts: [] });
    return this.page.refresh();
  }
}
