// What admins have decided about new jobs: access, words, prices, the age gate, moderators and reactions.

import { el, moment } from "../dom.js";
import { CommandForm, openCommandForm } from "./command_form.js";
import { read, run } from "./requests.js";
import { List, answerNode, block, button, empty, setBy, table } from "./views.js";

const ACCESS = [{ name: "Rule", look: "name" }, { name: "Set by", look: "side" }, { name: "", look: "do" }];
const REACTIONS = [{ name: "Emoji", look: "emoji" }, { name: "What it does", look: "name" }, { name: "", look: "do" }];
// As many rows are shown until more are asked for.
const SHOWN = 20;

export class RulesSection {
  constructor(page) {
    this.page = page;
    this.access = new List((data, at) => this.#drawAccess(data, at));
    this.words = new List((data, at) => this.#drawWords(data, at));
    this.moderators = new List((data, at) => this.#drawModerators(data, at));
    this.reactions = new List((data, at) => this.#drawReactions(data, at));
    this.whole = new Set();
    const refresh = () => page.refresh();
    const form = (options) => new CommandForm(page, { onDone: refresh, ...options });
    const effect = effectInput();
    this.allow = form({ command: "rules deny", parts: [effect], options: ["command", "model", "resolution", "channel", "member", "everything"].map(unset), submit: "Add the rule", clears: true });
    effect.node.addEventListener("input", () => { this.allow.command = `rules ${effect.value}`; });
    this.add = form({ command: "rules words", fixed: { action: "add" }, options: ["word", "age_restricted"], submit: "Add", clears: true });
    this.test = form({ command: "rules test", options: [{ name: "text", label: "Try a prompt" }], submit: "Test" });
    this.prices = form({ command: "rules prices", options: [
      { name: "confirm", label: "Requester confirms", about: "above these dollars" }, { name: "approve", label: "Admin approves", about: "above these dollars" },
      { name: "undo", label: "Seconds to undo", about: "0: none" }, { name: "undo_above", label: "Can be undone", about: "above these dollars" }] });
    this.age = form({ command: "rules age", options: ["mode", "scope"] });
    this.channel = form({ command: "rules moderators", options: [{ name: "channel", required: true }] });
    this.react = form({ command: "rules reactions", options: [{ name: "emoji", required: true }, { name: "action", required: true }, "who", "pays", "votes"], submit: "Set", clears: true });
    this.explain = form({ command: "rules explain", options: [{ name: "what", label: "A job’s #id, or a command" }, "member", "channel"].map(unset), submit: "Explain" });
    this.node = el("div", { class: "blocks" },
      block("Access", { about: "The most specific rule decides: a member before a role before everybody, then one with a channel, then the one that names more. Between equals a denial wins.", look: "wide" },
        this.access.node, folded("Add a rule", this.allow.node)),
      block("Word filter", { about: "Prompts with these words are refused. * stands for any letters of a word." }, this.words.node, folded("Add a word", this.add.node), folded("Test a prompt", this.test.node)),
      block("Prices", { about: "Above these dollars a command waits; “off” switches it off." }, this.prices.node),
      block("Age gate", { about: "For platforms with age-restricted channels." }, this.age.node),
      block("Moderators", { about: "Where reports and requests for approval are sent." }, this.moderators.node, folded("Name a channel", this.channel.node)),
      block("Reactions", { about: "What an emoji under a result does. A vote is paid by the workspace.", look: "wide" }, this.reactions.node, folded("Set an emoji", this.react.node)),
      block("Explain", { about: "Why a job or a command was or would be refused, for a member in a channel.", look: "wide" }, this.explain.node));
  }

  read = () => read("rules");

  show(data) {
    this.access.show(data);
    this.words.show(data);
    this.moderators.show(data);
    this.reactions.show(data);
    const { confirm, approve, undo, undo_above: above } = data.prices;
    if (!this.prices.touched) this.prices.fill({ confirm: confirm?.typed ?? "off", approve: approve?.typed ?? "off", undo: String(undo), undo_above: above.typed });
    if (!this.age.touched) this.age.fill({ mode: data.age.mode, scope: data.age.marked_words_only ? "words" : "everything" });
  }

  async #do(list, key, command, values) {
    list.say(key, await run(command, values));
    return this.page.refresh();
  }

  // The first rows, and a button for the others.
  #some(list, name, rows) {
    if (this.whole.has(name) || rows.length <= SHOWN) return [rows, null];
    return [rows.slice(0, SHOWN), button(`Show all ${rows.length}`, `all ${name}`, () => { this.whole.add(name); list.redraw(); })];
  }

  #drawAccess({ readable, access, set_up: { channels, roles } }, at) {
    const only = [channels.length > 0 && `in ${channels.join(", ")}`, roles.length > 0 && `for ${roles.join(", ")}`].filter(Boolean).join(" and ");
    const setUp = only && el("p", { class: "fine" }, `By the set-up the bot works only ${only}. `, el("a", { href: "#overview" }, "Change the set-up"));
    const damaged = !readable && answerNode({ refused: true, title: "", text: "The stored rules are damaged, so nothing is accepted. Set them again." });
    if (access.length === 0) return [damaged, setUp, empty("Everything is allowed. Add a rule to deny a command, a model or a resolution.")];
    const [shown, more] = this.#some(this.access, "access", access);
    return [damaged, setUp, table("Access rules", ACCESS, shown.map((rule) => ({
      cells: [
        [el("span", { class: rule.effect === "deny" ? "badge alarm" : "badge good" }, rule.effect), " ", rule.text.slice(rule.effect.length + 1)],
        [rule.by, rule.at > 0 && [", ", moment(rule.at)]],
        button("Remove", `rule ${rule.id}`, () => this.#do(this.access, rule.id, "rules remove", { rule: rule.id }), { look: "quiet", name: `Remove: ${rule.text}` }),
      ],
      answer: at(rule.id),
    }))), more];
  }

  #drawWords({ words }, at) {
    if (words.length === 0) return empty("No word is filtered.");
    return [el("ul", { class: "words" }, words.map((rule) => el("li", { title: setBy(rule) },
      rule.pattern, rule.age_restricted && el("span", { class: "fine" }, "age-restricted"),
      button("×", `word ${rule.pattern}`, () => this.#do(this.words, rule.pattern, "rules words", { action: "remove", word: rule.pattern }),
        { look: "icon", name: `Remove ${rule.pattern}` }), at(rule.pattern))))];
  }

  #drawModerators({ moderators }, at) {
    if (!moderators.channel) return [empty("Nobody receives reports: /report is refused until a channel is named."), at("moderators")];
    return [
      el("p", {}, el("b", {}, `#${moderators.channel}`), moderators.role && ` · ${moderators.role} may act on reports`, el("span", { class: "fine" }, ` ${setBy(moderators)}`)),
      button("End reports", "end reports", () => this.#do(this.moderators, "moderators", "rules moderators", { off: true }), { look: "quiet" }),
      at("moderators"),
    ];
  }

  #drawReactions({ reactions }, at) {
    const [shown, more] = this.#some(this.reactions, "reactions", reactions);
    return [table("Reactions", REACTIONS, shown.map((rule) => ({
      cells: [
        el("span", { class: "emoji" }, rule.emoji),
        [[el("b", {}, rule.label), ...rule.terms].flatMap((part, index) => (index ? [" · ", part] : [part])), rule.changed && el("span", { class: "badge" }, setBy(rule) || "changed")],
        el("div", { class: "buttons" },
          button("Change", `${rule.emoji} change`, () => this.#change(rule), { name: `Change ${rule.emoji}` }),
          rule.changed
            ? button("Default", `${rule.emoji} default`, () => this.#do(this.reactions, rule.emoji, "rules reactions", { emoji: rule.emoji, action: "default" }), { look: "quiet", name: `Reset ${rule.emoji} to its default` })
            : button("Off", `${rule.emoji} off`, () => this.#do(this.reactions, rule.emoji, "rules reactions", { emoji: rule.emoji, action: "nothing" }), { look: "quiet", name: `Let ${rule.emoji} do nothing` })),
      ],
      answer: at(rule.emoji),
    }))), more];
  }

  #change(rule) {
    openCommandForm(this.page, {
      heading: `What ${rule.emoji} does`, command: "rules reactions", fixed: { emoji: rule.emoji }, submit: "Set",
      options: [{ name: "action", value: rule.action ?? "nothing", required: true }, { name: "who", value: rule.who }, { name: "pays", value: rule.pays }, { name: "votes", value: String(rule.votes) }],
      onDone: (answer) => { this.reactions.say(rule.emoji, answer); return this.page.refresh(); },
    });
  }
}

// An option that need not be given.
const unset = (option) => ({ ...(typeof option === "string" ? { name: option } : option), unset: "any" });

function effectInput() {
  const select = el("select", { id: "effect" }, el("option", { value: "deny" }, "Deny"), el("option", { value: "allow" }, "Allow"));
  return {
    node: el("div", { class: "field" }, el("label", { for: "effect" }, "Effect"), el("div", { class: "input" }, select),
      el("p", { class: "about" }, "Allow makes an exception from a wider denial")),
    get value() { return select.value; },
    values: () => ({}),
  };
}

const folded = (summary, node) => el("details", {}, el("summary", {}, summary), node);
