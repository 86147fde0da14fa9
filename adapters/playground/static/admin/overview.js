// Whether the workspace is paused, what it spends, what waits, and how it is set up.

import { el, withMoments } from "../dom.js";
import { CommandForm, openCommandForm } from "./command_form.js";
import { read, run } from "./requests.js";
import { List, block, button, factsNode, limitsList } from "./views.js";

const EVERYWHERE = "all";
// The commands of admins that have controls on this page.
const PLACED = new Set([
  ...["set", "show", "grant", "pace", "reset", "remove"].map((name) => `quotas ${name}`),
  ...["setup", "pause", "resume", "usage", "timezone", "audit", "key", "retention"].map((name) => `studio ${name}`),
  ...["show", "allow", "deny", "remove", "words", "test", "age", "prices", "moderators", "block", "unblock", "reactions", "explain"].map((name) => `rules ${name}`),
]);

export class OverviewSection {
  constructor(page) {
    this.page = page;
    this.state = new List((data, at) => this.#drawState(data, at));
    this.spending = new List((data) => this.#drawSpending(data));
    this.summary = new List((data, at) => this.#drawSetup(data, at));
    this.pause = new CommandForm(page, {
      command: "studio pause", options: [{ name: "reason", label: "Reason that members see", about: "" }], submit: "Pause", look: "inline", clears: true, quiet: true,
      onDone: (answer) => this.#done(this.state, answer),
    });
    this.retention = new CommandForm(page, {
      command: "studio retention", onlyChanged: true,
      options: [{ name: "media", label: "Pictures and videos", about: "Days; 0: as the operator has set it" }, { name: "prompts", about: "Days; 0: always" }],
      onDone: () => page.refresh(),
    });
    this.node = el("div", { class: "blocks" },
      block("Spending and jobs", { look: "wide" }, this.spending.node),
      block("State", {}, this.state.node, this.pause.node),
      block("Set-up", { look: "tall" }, this.summary.node),
      block("Retention", { about: "How long results and prompts are kept after a job has ended. What is in the gallery is kept." }, this.retention.node),
      this.#others());
  }

  read = () => read("overview");

  show(data) {
    this.pause.node.hidden = data.paused;
    this.state.show(data);
    this.spending.show(data);
    this.summary.show(data);
    const { media, prompts } = data.retention;
    if (!this.retention.touched) this.retention.fill({ media: String(media ?? 0), prompts: String(prompts ?? 0) });
  }

  // The commands that no section has a control for. A file can only be attached in a conversation.
  #others() {
    const others = this.page.start.commands.filter(({ name, admins }) => admins && !PLACED.has(name));
    return others.length > 0 && block("More", { look: "wide" }, others.map(({ name, about, fields }) => el("details", {},
      el("summary", {}, el("code", {}, `/${name}`), ` ${about}`),
      new CommandForm(this.page, {
        command: name, submit: "Send", onDone: () => this.page.refresh(),
        options: fields.filter(({ kind }) => kind !== "media").map((field) => field.name),
      }).node)));
  }

  #done(list, answer) {
    list.say("done", answer);
    return this.page.refresh();
  }

  // Only what is changed here is sent, so that another admin's change of something else stays.
  #change({ budget, channels, reactions, admin_channel: adminChannel, timezone }) {
    openCommandForm(this.page, {
      heading: "Set-up of this workspace", command: "studio setup", onlyChanged: true, submit: "Save",
      options: [
        { name: "budget", value: budget?.typed ?? "" },
        { name: "channels", required: true, value: channels[0]?.value ?? EVERYWHERE },
        { name: "reactions", required: true, value: reactions ? "on" : "off" },
        { name: "admin_channel", unset: "nobody", value: adminChannel?.value ?? "" },
        { name: "timezone", label: "Time zone", value: timezone },
      ],
      onDone: ({ title }) => this.#done(this.summary, { title, text: "" }),
    });
  }

  #drawState({ paused, pause_reason: reason, notice }, at) {
    const light = el("span", { class: paused || notice ? "light off" : "light", "aria-hidden": "true" });
    const text = paused ? "Paused by an admin" : notice ? "Waiting for a budget" : "Jobs are accepted";
    return [
      el("p", { class: "state" }, light, el("b", {}, text)),
      paused && reason && el("p", {}, `Members read: “${reason}”`),
      !paused && notice && el("p", {}, withMoments(notice)),
      paused && button("Resume", "resume", async () => this.#done(this.state, await run("studio resume")), { look: "main" }),
      at("done"),
    ];
  }

  #drawSpending({ spent, caps, jobs, cost, own_key: ownKey }) {
    return [
      el("dl", { class: "tiles" },
        tile("Spent today", spent.today.text), tile("Spent this month", spent.month.text),
        tile("Held", jobs.held, "#queue?group=held"), tile("Waiting", jobs.waiting, "#queue?group=waiting"),
        tile("Running", jobs.running, "#queue?group=running")),
      caps.length > 0 && limitsList(caps),
      el("p", { class: "fine" }, ownKey ? `${cost} Jobs are billed to this workspace’s own key.` : cost),
    ];
  }

  #drawSetup({ setup }, at) {
    const { budget, channels, roles, reactions, admin_channel: adminChannel, timezone } = setup;
    const names = (some, all) => some.map((one) => one.name).join(", ") || all;
    const facts = [
      ["Budget of a month", budget ? budget.text : "no cap of this workspace"],
      ["Channels", names(channels, "everywhere")],
      ["Who may", names(roles, "every member")],
      ["Reactions", reactions ? "start jobs" : "start nothing"],
      ["Warnings go to", adminChannel?.name ?? "nobody"],
      ["Time zone", timezone],
    ];
    return [factsNode(facts), at("done"), button("Change", "change", () => this.#change(setup), { name: "Change the set-up" })];
  }
}

const tile = (name, value, href) => el("div", { class: "tile" }, el("dt", {}, name),
  el("dd", {}, href ? el("a", { href }, String(value)) : String(value)));
