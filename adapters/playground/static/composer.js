// The field for commands, with attached files, the price, and suggestions for text without a command.

import { PriceQuotes, UNCHECKED, currentChannel, me } from "./api.js";
import { Attachments } from "./attachments.js";
import { CheckedOptions } from "./checked_options.js";
import { Completion } from "./completion.js";
import { byId, el, shortId } from "./dom.js";
import { pick, receive } from "./files.js";
import { withoutTypedKey } from "./key_form.js";
import { announce } from "./notices.js";
import { Upload } from "./uploads.js";

const MAX_HEIGHT = 180;
// Two hyphens or the dash that phones make of them, then a letter.
const OPTION = /(^|\s)(--|—|–)[a-z]/i;

export class Composer {
  // `history` returns the commands sent before.
  constructor({ app, history }) {
    this.app = app;
    this.field = byId("command-input");
    this.offers = byId("offers");
    this.bar = byId("replying");
    this.price = byId("price");
    this.replied = null;
    this.loaded = false;
    this.problem = byId("problem");
    this.options = new CheckedOptions({ remove: (written) => this.#remove(written) });
    this.prices = new PriceQuotes((quote) => this.#showQuote(quote));
    this.attachments = new Attachments({ onChange: () => this.changed(), limits: () => app.limits });
    this.completion = new Completion({
      field: this.field, list: byId("suggestions"), history, write: (text) => this.write(text), submit: () => this.submit(),
      changed: () => this.changed(),
    });
    receive((files) => { this.attachments.add(files); this.field.focus(); });
    byId("attach").addEventListener("click", () => pick({ several: true }, (files) => { this.attachments.add(files); this.field.focus(); }));
    byId("composer").addEventListener("submit", (event) => { event.preventDefault(); this.submit(); });
    this.field.addEventListener("input", () => { this.completion.resetHistory(); this.changed(); });
    document.addEventListener("keydown", (event) => this.#escape(event));
    // Clicking a suggestion must not take the focus away from the field.
    this.offers.addEventListener("pointerdown", (event) => event.preventDefault());
  }

  // What is left may not suffice: the price and the balance say so before anything is sent.
  #showQuote({ price, refusal, options, short = false }) {
    this.price.textContent = price ? this.app.priceText(price) : "";
    this.price.hidden = !price;
    this.price.title = short ? refusal : "";
    this.price.classList.toggle("short", short);
    this.app.warnBalance(short);
    this.options.show(options);
    this.#fit();
    if (short) announce(refusal);
  }

  get empty() {
    return this.field.value.trim() === "";
  }

  write(text) {
    this.field.value = text;
    this.field.focus();
    this.field.setSelectionRange(text.length, text.length);
    this.changed();
  }

  clear() {
    this.field.value = "";
    this.changed();
  }

  #remove(written) {
    const at = this.field.value.lastIndexOf(written);
    if (at < 0) return;
    const left = `${this.field.value.slice(0, at)}${this.field.value.slice(at + written.length)}`;
    this.write(left.replace(/ {2,}/g, " ").trimEnd());
  }

  // Makes the next command use this result; null ends the reply.
  reply(job, { quiet = false } = {}) {
    this.replied = job && { id: job.id, alt: job.alt, media: job.media };
    this.bar.hidden = !job;
    if (job) {
      this.bar.replaceChildren(
        job.media ? el("img", { src: job.media.still, alt: "" }) : "",
        el("span", { class: "words" }, el("b", {}, `Replying to #${shortId(job.id)}`), el("span", {}, job.alt)),
        el("button", { type: "button", class: "remove", "aria-label": "Cancel the reply", title: "Cancel the reply (Esc)", on: { click: () => { this.reply(null); this.field.focus(); } } }, "×"));
      if (!quiet) {
        announce(`Replying to ${job.alt}. Press Escape to cancel`);
        this.field.focus();
      }
    }
    this.changed();
  }

  async submit() {
    const typed = this.field.value.trim();
    if (!typed.startsWith("/")) return this.#acceptOffer(0);
    const form = this.#formFor(typed);
    if (form) return this.app.openCommandForm(form);
    return this.#send(typed);
  }

  // A command that lacks what it needs opens its form; so does one that generates, where it says nothing at all.
  #formFor(text) {
    const command = this.app.commands().find(({ name }) => text === `/${name}`);
    if (!command) return null;
    const given = this.attachments.count > 0 || this.replied !== null;
    const lacks = command.fields.some((field) => field.required);
    return lacks || (command.makes && !given) ? command : null;
  }

  async #send(text) {
    if (this.submitting) return;
    this.submitting = true;
    const written = this.field.value;
    byId("send").setAttribute("aria-busy", "true");
    await this.app.loaded;
    const uploaded = await this.attachments.allUploaded();
    const checked = uploaded && OPTION.test(text) ? await this.prices.of(this.#body(text)) : UNCHECKED;
    byId("send").removeAttribute("aria-busy");
    this.submitting = false;
    if (!uploaded) return this.#showProblem(this.attachments.problem);
    if (checked.options.some((one) => one.problem)) {
      this.options.focusProblem();
      return this.#showProblem("Not sent. Correct or remove what is marked above the field.");
    }
    const uploads = this.attachments.take();
    const { replied } = this;
    // What was written meanwhile stays.
    if (this.field.value === written) this.field.value = "";
    this.completion.resetHistory();
    this.reply(null);
    this.completion.hide();
    this.app.runCommand(text, { uploads, replied });
  }

  #body = (text) => ({ text, files: this.attachments.tokens, replied: this.replied?.id });

  // Why nothing was sent; it goes with the next change.
  #showProblem(text) {
    this.problem.textContent = text;
    this.problem.hidden = !text;
  }

  // Restores the text and files of a refused command.
  restore(text, uploads) {
    if (uploads && this.attachments.count === 0) this.attachments.restore(uploads);
    this.write(text);
  }

  changed() {
    const { field } = this;
    if (!this.completion) return;
    this.#fit();
    this.#showProblem("");
    this.#showOffers();
    this.completion.changed();
    this.prices.ask(this.#toCheck());
    if (this.loaded) saveDraft({ text: field.value, uploads: this.attachments.uploads, replied: this.replied });
  }

  #fit() {
    this.field.style.setProperty("block-size", "auto");
    // An empty field has one line, however long its placeholder is.
    if (this.field.value) this.field.style.setProperty("block-size", `${Math.min(MAX_HEIGHT, this.field.scrollHeight)}px`);
  }

  // What would be sent now, where it has a price or options.
  #toCheck() {
    const text = this.field.value.trim();
    if (withoutTypedKey(text) !== text) return null;
    const offered = this.#offered();
    if (offered) return text ? this.#body(`/${offered} ${text}`) : null;
    const known = this.app.commands().find((command) => text === `/${command.name}` || text.startsWith(`/${command.name} `));
    return known && (known.makes || OPTION.test(text)) ? this.#body(text) : null;
  }

  // Shows what was written in this conversation before. What is written while the page loads is newer.
  showDraft() {
    const typing = !this.loaded && !this.empty;
    this.loaded = false;
    const { text, uploads, replied } = readDraft();
    if (!typing) {
      this.attachments.take();
      this.attachments.restore(uploads);
      this.field.value = text;
      this.reply(replied, { quiet: true });
    }
    this.loaded = true;
    this.changed();
  }

  #showOffers() {
    const text = this.field.value.trim();
    const plain = !text.startsWith("/") && (text !== "" || this.attachments.count > 0 || this.replied !== null);
    const names = plain ? this.#commandsForText() : [];
    this.offers.replaceChildren(...names.map((name, index) => el("li", {}, el("button", {
      type: "button", class: "offer", on: { click: () => this.#acceptOffer(index) },
    }, el("b", {}, QUESTIONS[name]), el("span", {}, `/${name} ${text}`.trim()), index === 0 && el("kbd", {}, "Enter")))));
    this.offers.hidden = names.length === 0;
  }

  // The commands that the text and its files may be meant for, the likeliest first.
  #commandsForText() {
    const kind = this.replied?.media?.kind ?? this.attachments.uploads[0]?.media?.kind ?? (this.attachments.count ? "picture" : null);
    if (!kind) return ["imagine"];
    if (kind === "video") return this.replied ? ["extend", "reframe"] : ["reframe"];
    return ["animate", "imagine", "reframe"];
  }

  // The command that Enter would run for a text without one.
  #offered = () => (this.offers.hidden ? null : this.#commandsForText()[0]);

  // Runs an offered command at once, or opens its form where it needs more than the text.
  #acceptOffer(index) {
    const name = this.offers.hidden ? null : this.#commandsForText()[index];
    const command = this.app.commands().find((one) => one.name === name);
    if (!command) return this.field.focus();
    const text = this.field.value.trim();
    const lacks = command.fields.some((field) => field.required && (field.name !== "prompt" || !text));
    if (lacks) return this.app.openCommandForm(command);
    return this.#send(`/${name} ${text}`.trim());
  }

  // Escape ends a reply wherever the focus is, but closes first what is open.
  #escape(event) {
    const open = document.querySelector("dialog[open], [popover]:popover-open");
    if (event.key !== "Escape" || event.defaultPrevented || !this.replied || open) return;
    event.preventDefault();
    this.reply(null);
    this.field.focus();
  }
}

const QUESTIONS = { imagine: "Make a picture?", animate: "Animate it?", extend: "Extend it?", reframe: "Change its aspect ratio?" };

// What is being written in each conversation is kept for this tab, over a reload.
const draftKey = () => `reverie.draft.${me()}.${currentChannel()}`;

// `replied` is what the composer shows of a job; of the files only those that are uploaded are kept.
function saveDraft({ text, uploads, replied }) {
  const files = uploads.filter((upload) => upload.token).map(({ name, media }) => ({ name, media }));
  // A key is kept nowhere.
  const written = withoutTypedKey(text) === text ? text : "";
  if (!written && files.length === 0 && !replied) return sessionStorage.removeItem(draftKey());
  sessionStorage.setItem(draftKey(), JSON.stringify({ text: written, files, replied }));
}

function readDraft() {
  const { text = "", files = [], replied = null } = JSON.parse(sessionStorage.getItem(draftKey()) ?? "{}");
  return { text, replied, uploads: files.map(({ name, media }) => Upload.stored(name, media)) };
}
