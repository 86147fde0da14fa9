// What cards, notes and forms can do with the page.

import { priceShown } from "./actions.js";
import { currentChannel, get, post } from "./api.js";
import { confirm, editPrompt } from "./dialogs.js";
import { openForm } from "./forms.js";
import { askForKey, withoutTypedKey } from "./key_form.js";
import { nameOf } from "./media_inputs.js";
import { showBanner } from "./notices.js";
import { newRequest } from "./outbox.js";
import { Upload } from "./uploads.js";

export class AppActions {
  // `send` sends a request; `page` holds the channels, the composer and the people.
  constructor({ send, page }) {
    this.send = send;
    this.page = page;
    Object.assign(this, { actions: {}, ratios: [], numbers: [], feelings: [], limits: {}, available: {}, simulated: false });
    // Sent commands by key, so that a refused one can be edited.
    this.sent = new Map();
    // Resolved once the page knows its person: what is sent earlier would be nobody's.
    this.loaded = new Promise((resolve) => { this.markLoaded = resolve; });
  }

  set({ actions, ratios, numbers, feelings, limits, channels, simulated }) {
    Object.assign(this, { actions, ratios, numbers, feelings, limits, simulated, available: channels });
  }

  priceText = (price) => (this.simulated ? `${price} · simulated` : price);

  warnBalance = (short) => this.page.people.warn(short);

  me = () => this.page.people.me.name;

  people = () => this.page.people.people.map((person) => person.name);

  commands = () => this.available[currentChannel()]?.commands ?? [];

  // Reads the commands again, because presets and defaults may have changed; without an answer they stay as known.
  async refreshCommands() {
    const channel = currentChannel();
    const available = await get("available").catch(() => null);
    if (available) this.available[channel] = available;
  }

  get reactions() {
    return this.available[currentChannel()]?.reactions ?? [];
  }

  reactionsOf = (card) => this.page.channels.current.reactions.get(card);

  results = () => this.page.channels.current.results();

  mayManage = (card) => this.page.people.me.admin || card.member.split(":").at(-1) === this.me();

  runCommand(typed, { uploads = [], replied = null } = {}) {
    const text = withoutTypedKey(typed);
    const files = uploads.map((upload) => upload.token);
    const request = newRequest("command", { text, ...(files.length && { files }), ...(replied && { replied: replied.id }) }, text);
    this.sent.set(request.body.key, { text, uploads });
    return this.send(request);
  }

  // Runs the command of a button; its short reply becomes a toast.
  runFromButton(text) {
    return this.send(newRequest("command", { text, pressed: true }, text));
  }

  // `previewed`: the form shows what the command will do.
  submitForm(command, values, { replied, draft, previewed }) {
    const request = newRequest("command", { command: command.name, values, previewed, ...(replied && { replied: replied.id }) }, `/${command.name}`);
    this.sent.set(request.body.key, { command, draft });
    if (replied) this.reply(null);
    return this.send(request);
  }

  runAction(action, job, more = {}) {
    const { emoji, label } = this.actions[action];
    return this.send(newRequest("action", { action, job, ...more }, `${emoji} ${label} ${more.aspect_ratio ?? ""}`.trim()));
  }

  // Asks for confirmation; nothing happens before one of the buttons is pressed.
  async confirm({ title, text, media, choices }) {
    const dangerous = choices.map((one) => ({ ...one, danger: one.confirms }));
    const chosen = await confirm({ title, text, picture: media?.still, choices: dangerous });
    const { job, confirms, label } = chosen;
    if (confirms) await this.send(newRequest("decide", { job, question: chosen.question, confirmed: true, label }, label));
  }

  // Shows what a command will do and what it costs. One that is not started expires.
  async askToStart({ id, title, text, picture, alt, label }) {
    const start = { label: this.priceText(label), confirms: true };
    const chosen = await confirm({ title, text, picture, alt, drawn: true, choices: [{ label: "Cancel", confirms: false }, start] });
    if (chosen.confirms) await this.send(newRequest("start", { pending: id }, label));
  }

  // Adds the next page to the list in a note.
  more(note) {
    return this.send(newRequest("more", { note: note.id, page: note.more }, "More"));
  }

  // Decides what a held or reported job waits for.
  decide({ decision, label }, card) {
    return this.send(newRequest("decision", { decision, label, job: card.jobs[0].id, card: card.card }, label));
  }

  // Not through the outbox, which is stored in the browser. A lost answer is no harm: /studio key shows the state.
  askForKey(form) {
    const { key } = newRequest("key", {}, "").body;
    const onSend = (apiKey) => post("key", { channel: currentChannel(), api_key: apiKey, key })
      .then((answer) => this.page.receive(answer))
      .catch((error) => showBanner(error.message || "The key could not be sent. Try again."));
    askForKey({ ...form, onSend });
  }

  editPrompt(job) {
    const price = job.prices?.edit;
    editPrompt({
      prompt: job.words, maxLength: this.limits.prompt, price: price && this.priceText(price.text),
      onSend: (prompt) => this.runAction("edit", job.id, { prompt, ...priceShown(price) }),
    });
  }

  async react(emoji, card, job, on) {
    const known = this.reactions.find((one) => one.emoji === emoji);
    if (on && known?.action === "edit") return this.editPrompt(job);
    // A number emoji names the job itself.
    const target = this.numbers.includes(emoji) ? {} : { job: job.id, ...(on && priceShown(job.prices?.[known?.action])) };
    await this.send(newRequest("react", { card: card.card, emoji, on, ...target }, `${emoji} ${known?.label ?? ""}`.trim()));
  }

  openCommandForm = (command) => this.page.openCommandForm(command);

  // Opens the form of the named command.
  openForm(name) {
    const command = this.commands().find((one) => one.name === name);
    if (command) openForm(command, this);
  }

  // The command that makes a job again; null where it is not known now.
  async settingsOf(job) {
    return get("settings", { job: job.id }).catch((error) => {
      showBanner(error.message);
      return null;
    });
  }

  // Opens the form that makes a job again, with all of its options.
  async useSettings(job) {
    const settings = await this.settingsOf(job);
    const command = this.commands().find((one) => one.name === settings?.command);
    if (command) openForm(command, this, { drafts: draftsOf(settings.values, this.results()), fresh: true });
  }

  reply = (job) => this.page.composer.reply(job);

  reveal = (job) => this.page.channels.current.reveal(job) || this.runCommand(`/show ${job}`);

  write = (text) => this.page.composer.write(text);

  // Puts a refused command back into its form or the composer, with its files.
  retry(note) {
    const known = this.sent.get(note.id);
    if (known?.command) return openForm(known.command, this, { drafts: known.draft });
    this.page.composer.restore(note.said, known?.uploads);
  }

  dismiss = (id) => this.page.dismiss(id);

  dismissAll = () => this.page.dismissAll();
}

// The values of a job's options as contents of fields.
function draftsOf(values, results) {
  const content = ({ job, first_frame: frame, address, file, weight }) => {
    const known = job && results.find((one) => one.job.id === job)?.job;
    const source = known ? { job: known, frame } : file ? { upload: Upload.stored(file.name, file) } : { address: address ?? nameOf(job, frame) };
    return { weight: weight ?? null, ...source };
  };
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, Array.isArray(value) ? value.map(content) : value]));
}
