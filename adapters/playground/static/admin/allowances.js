// What limits the workspace and its members: caps, rules, pace and time zone.

import { el } from "../dom.js";
import { CommandForm, confirmReset, openCommandForm } from "./command_form.js";
import { read, run } from "./requests.js";
import { List, block, button, empty, limitsList, pager, table } from "./views.js";

const COLUMNS = [{ name: "Applies to", look: "name" }, { name: "Allowance", look: "" }, { name: "", look: "do" }];
const AMOUNT = ["amount", "unit", "period"];

export class AllowancesSection {
  constructor(page) {
    this.page = page;
    this.caps = new List((data) => this.#drawCaps(data));
    this.rules = new List((data, at) => this.#drawRules(data, at));
    this.target = targetInput(page);
    const form = new CommandForm(page, {
      command: "quotas set", parts: [this.target], options: AMOUNT, submit: "Set", clears: true,
      onDone: () => page.refresh(),
    });
    this.pace = new CommandForm(page, {
      command: "quotas pace", options: [{ name: "cooldown", label: "Seconds between commands", about: "0: none" }, { name: "running", label: "Unfinished jobs at once", about: "0: no limit" }],
      onDone: () => page.refresh(),
    });
    this.zone = new CommandForm(page, { command: "studio timezone", options: [{ name: "timezone", label: "Time zone", about: "" }], onDone: () => page.refresh() });
    this.node = el("div", { class: "blocks" },
      block("The workspace as a whole", { about: "Everything that is made here counts. Queued jobs wait while a cap is used up." }, this.caps.node),
      block("Add or change a rule", { about: "A rule for the same target and unit is replaced." }, form.node),
      block("Rules", { about: "The most specific rule sets a member’s number: one for the member, for a role, then for every member.", look: "wide" }, this.rules.node),
      block("Pace of each member", { about: "How fast each member may ask for jobs." }, this.pace.node),
      block("Time zone", { about: "Days, weeks and months begin in it." }, this.zone.node));
  }

  read = () => read("allowances", this.page.query);

  show(data) {
    this.caps.show(data);
    this.rules.show(data);
    if (!this.pace.touched) this.pace.fill({ cooldown: String(data.pace.cooldown_s), running: String(data.pace.running) });
    if (!this.zone.touched) this.zone.fill({ timezone: data.timezone });
  }

  #drawCaps({ caps }) {
    if (caps.length === 0) return empty("Nothing limits the workspace as a whole. Set a rule for “The whole workspace together”.");
    return limitsList(caps);
  }

  #drawRules({ rules, default: preset }, at) {
    const standard = { cells: [el("span", {}, "Every member, where no rule says otherwise"), `${preset.amount.text} each ${preset.period}`, el("span", { class: "fine" }, "default")] };
    return [
      table("Rules about allowances", COLUMNS, [...rules.items.map((rule) => this.#row(rule, at)), ...(rules.more ? [] : [standard])]),
      pager(rules, (page) => this.page.go({ page }), "Pages of rules"),
    ];
  }

  #row(rule, at) {
    const key = `${rule.level} ${rule.name} ${rule.unit} ${rule.period}`;
    const whom = nameOf(rule);
    const answered = (answer) => { this.rules.say(key, answer); return this.page.refresh(); };
    const values = { ...rule.target, unit: rule.unit, ...(rule.level === "workspace" && { period: rule.period }) };
    return {
      cells: [
        el("b", {}, whom),
        `${rule.amount.text} each ${rule.period}`,
        el("div", { class: "buttons" },
          button("Change", `${key} change`, () => openCommandForm(this.page, {
            heading: whom, about: "The new allowance holds from now.", command: "quotas set", fixed: rule.target, submit: "Set",
            options: [{ name: "amount", value: rule.amount.typed }, { name: "unit", value: rule.unit }, { name: "period", value: rule.period }],
            onDone: answered,
          }), { name: `Change: ${whom}` }),
          rule.level === "workspace" && button("Reset", `${key} reset`, async () => {
            if (await confirmReset("the workspace")) await answered(await run("quotas reset", { workspace: true, unit: rule.unit }));
          }, { name: "Reset what the workspace has used" }),
          button("Remove", `${key} remove`, async () => answered(await run("quotas remove", values)), { name: `Remove: ${whom}`, look: "quiet" })),
      ],
      answer: at(key),
    };
  }
}

function nameOf({ level, name }) {
  if (level === "workspace") return "The whole workspace together";
  if (level === "role") return `Each holder of ${name}`;
  if (level === "channel") return `Everybody in ${name} together`;
  return name || "Every member";
}

// Whom a rule applies to. `values()` are the options of a command that names the target.
function targetInput(page) {
  const fields = page.fieldsOf("quotas set");
  const channels = fields.find(({ name }) => name === "channel");
  const targets = [
    { label: "Every member, each for themselves", values: {} },
    { label: "One member", member: true },
    ...channels.choices.map((value, index) => ({ label: `Everybody in ${channels.labels[index] ?? value} together`, values: { channel: value } })),
    { label: "The whole workspace together", values: { workspace: true } },
  ];
  const select = el("select", { id: "target" }, targets.map(({ label }, index) => el("option", { value: String(index) }, label)));
  const member = el("input", { id: "target-member", type: "text", list: "target-members", maxlength: "100", autocomplete: "off" });
  const row = el("div", { class: "field", hidden: true },
    el("label", { for: "target-member" }, "Member"),
    el("div", { class: "input" }, member, el("datalist", { id: "target-members" }, page.people().map((name) => el("option", { value: name })))));
  const chosen = () => targets[Number(select.value)];
  select.addEventListener("input", () => { row.hidden = !chosen().member; });
  return {
    node: el("div", { class: "field whole" },
      el("label", { for: "target" }, "Applies to"), el("div", { class: "input" }, select), row),
    values: () => (chosen().member ? { member: member.value.trim() } : chosen().values),
  };
}
