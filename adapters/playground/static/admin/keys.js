// The workspace's own API key, and the accounts that its jobs are submitted with.

import { confirm } from "../dialogs.js";
import { el, moment } from "../dom.js";
import { askForKey } from "../key_form.js";
import { enterKey, read, run } from "./requests.js";
import { List, block, button, empty, table } from "./views.js";

const COLUMNS = [
  { name: "Account", look: "name" }, { name: "State", look: "" }, { name: "Credit", look: "side" },
  { name: "Spent this month", look: "number" }, { name: "Running", look: "number" },
];
const STATES = { ready: "accepts jobs", stopped: "stopped", retired: "retired" };

export class KeysSection {
  constructor(page) {
    this.page = page;
    this.own = new List((data, at) => this.#drawOwn(data, at));
    this.shared = new List((data) => this.#drawShared(data));
    this.node = el("div", { class: "blocks" },
      block("This workspace’s own API key", { about: "Its jobs are then billed to that account alone. The rules of this workspace still hold.", look: "wide" }, this.own.node),
      block("Shared accounts", { about: "They belong to the operator of this bot.", look: "wide" }, this.shared.node));
  }

  read = () => read("keys");

  show(data) {
    this.own.show(data);
    this.shared.show(data);
  }

  #drawOwn({ own }, at) {
    const enter = button(own ? "Replace the key" : "Enter a key", "enter", () => this.#enter(), { look: "main" });
    if (!own) return [empty("There is no key. Jobs use the budget that the operator gave this workspace, if there is one."), el("div", { class: "buttons" }, enter), at("key")];
    const { account } = own;
    const facts = [
      ["Key", own.masked],
      ["Set by", [own.set_by, ", ", moment(own.set_at)]],
      ["State", account ? stateOf(account) : "not used yet"],
      ["Credit", account ? creditOf(account) : "unknown"],
      ["Spent this month", account?.spent.text ?? "nothing"],
    ];
    return [
      el("dl", { class: "table" }, facts.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value)))),
      el("div", { class: "buttons" },
        enter,
        button("Check it now", "check", async () => this.#answered(await run("studio key", { action: "show" }))),
        button("Remove", "remove", () => this.#remove(own), { look: "quiet" })),
      at("key"),
    ];
  }

  async #enter() {
    const { key_form: form, ...answer } = await run("studio key", { action: "set" });
    if (!form) return this.#answered(answer);
    return askForKey({ ...form, onSend: async (key) => this.#answered(await enterKey(key)) });
  }

  async #remove({ masked }) {
    const chosen = await confirm({
      title: "Remove this key?", text: `Nothing more is submitted with ${masked}. Waiting jobs that build on its videos are cancelled and not charged.`,
      choices: [{ label: "Keep", confirms: false }, { label: "Remove", confirms: true, danger: true }],
    });
    if (chosen.confirms) await this.#answered(await run("studio key", { action: "remove" }));
  }

  #answered(answer) {
    this.own.say("key", answer);
    return this.page.refresh();
  }

  #drawShared({ shared }) {
    if (shared.length === 0) return empty("Only operators see the state of the shared accounts (REVERIE_OPERATORS).");
    return table("Shared accounts", COLUMNS, shared.map((account) => ({
      cells: [
        [el("b", {}, account.name), ` ${account.provider}`], stateOf(account), creditOf(account),
        [account.spent.text, account.limit && ` of ${account.limit.text}`], String(account.in_flight),
      ],
    })));
  }
}

const stateOf = ({ state, reason }) => [el("span", { class: state === "ready" ? "badge good" : "badge alarm" }, STATES[state] ?? state), reason && ` ${reason}`];

const creditOf = ({ credit, credit_at: at, forecast }) =>
  (credit ? [`${credit.text}`, forecast && `, ${forecast}`, at && el("span", { class: "fine" }, " read ", moment(at))] : "unknown");
