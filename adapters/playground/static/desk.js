// What cards, notes and forms may ask of the page.

import { here, wish } from "./api.js";
import { choose, editPrompt } from "./dialogs.js";
import { openForm } from "./forms.js";

export class Desk {
  // `carry` sends a wish; `page` is what the desk stands on: its channels, composer and people.
  constructor({ carry, page }) {
    this.carry = carry;
    this.page = page;
    Object.assign(this, { actions: {}, ratios: [], numbers: [], feelings: [], limits: {}, offered: {} });
    // What was sent, by key, to be mended when it is refused.
    this.sent = new Map();
  }

  set({ actions, ratios, numbers, feelings, limits, channels }) {
    Object.assign(this, { actions, ratios, numbers, feelings, limits, offered: channels });
  }

  me = () => this.page.people.me.name;

  people = () => this.page.people.people.map((person) => person.name);

  commands = () => this.offered[here()]?.commands ?? [];

  get reactions() {
    return this.offered[here()]?.reactions ?? [];
  }

  reactionsOf = (card) => this.page.channels.current.reactions.get(card);

  results = () => this.page.channels.current.results();

  mayManage = (card) => this.page.people.me.admin || card.member.split(":").at(-1) === this.me();

  run(text, { uploads = [], replied = null } = {}) {
    const files = uploads.map((upload) => upload.token);
    const one = wish("command", { text, ...(files.length && { files }), ...(replied && { replied: replied.id }) }, text);
    this.sent.set(one.body.key, { text, uploads });
    return this.carry(one);
  }

  // A button that stands for a command: a short answer goes by.
  press(text) {
    return this.carry(wish("command", { text, pressed: true }, text));
  }

  fill(command, values, { replied, draft }) {
    const one = wish("command", { command: command.name, values, ...(replied && { replied: replied.id }) }, `/${command.name}`);
    this.sent.set(one.body.key, { command, draft });
    if (replied) this.reply(null);
    return this.carry(one);
  }

  act(action, job, more = {}) {
    const { emoji, label } = this.actions[action];
    return this.carry(wish("action", { action, job, ...more }, `${emoji} ${label} ${more.aspect_ratio ?? ""}`.trim()));
  }

  // Nothing is done before one of a question's buttons is pressed.
  async decide(question) {
    const chosen = await choose(question);
    const { job, confirms, label } = chosen;
    if (confirms) await this.carry(wish("decide", { job, question: chosen.question, confirmed: true }, label));
  }

  edit(job) {
    editPrompt({ prompt: job.words, longest: this.limits.prompt, send: (prompt) => this.act("edit", job.id, { prompt }) });
  }

  async react(emoji, card, job, on) {
    const known = this.reactions.find((one) => one.emoji === emoji);
    if (on && known?.action === "edit") return this.edit(job);
    // A number says itself which one is meant.
    const about = this.numbers.includes(emoji) ? {} : { job: job.id };
    await this.carry(wish("react", { card: card.card, emoji, on, ...about }, `${emoji} ${known?.label ?? ""}`.trim()));
  }

  reply = (job) => this.page.composer.reply(job);

  reveal = (job) => this.page.channels.current.reveal(job) || this.run(`/show ${job}`);

  write = (text) => this.page.composer.write(text);

  // Puts a refused command back where it came from, with its files.
  retry(note) {
    const known = this.sent.get(note.id);
    if (known?.command) return openForm(known.command, this, { begin: known.draft });
    this.page.composer.restore(note.said, known?.uploads);
  }

  dismiss = (id) => this.page.dismiss(id);
}
