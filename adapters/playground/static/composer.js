// The field for commands, with attached files, the price, and suggestions for text without a command.

import { PriceQuotes } from "./api.js";
import { Attachments } from "./attachments.js";
import { Completion } from "./completion.js";
import { byId, el, shortId } from "./dom.js";
import { pick, receive } from "./files.js";
import { announce } from "./notices.js";

const MAX_HEIGHT = 180;

export class Composer {
  // `history` returns the commands sent before.
  constructor({ app, history }) {
    this.app = app;
    this.field = byId("command-input");
    this.offers = byId("offers");
    this.bar = byId("replying");
    this.price = byId("price");
    this.replied = null;
    this.prices = new PriceQuotes((quote) => this.#showPrice(quote));
    this.attachments = new Attachments({ onChange: () => this.changed(), limits: () => app.limits });
    this.completion = new Completion({
      field: this.field, list: byId("suggestions"), history, write: (text) => this.write(text), submit: () => this.submit(),
      changed: () => this.changed(),
    });
    receive((files) => { this.attachments.add(files); this.field.focus(); });
    byId("attach").addEventListener("click", () => pick({ several: true }, (files) => { this.attachments.add(files); this.field.focus(); }));
    byId("composer").addEventListener("submit", (event) => { event.preventDefault(); this.submit(); });
    this.field.addEventListener("input", () => { this.completion.resetHistory(); this.changed(); });
    this.field.addEventListener("keydown", (event) => this.#escape(event));
    // Clicking a suggestion must not take the focus away from the field.
    this.offers.addEventListener("pointerdown", (event) => event.preventDefault());
  }

  // What is left may not suffice: the price and the balance say so before anything is sent.
  #showPrice({ price, refusal, short = false }) {
    this.price.textContent = price ? this.app.priceText(price) : "";
    this.price.hidden = !price;
    this.price.title = short ? refusal : "";
    this.price.classList.toggle("short", short);
    this.app.warnBalance(short);
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

  // Makes the next command use this result; null ends the reply.
  reply(job) {
    this.replied = job;
    this.bar.hidden = !job;
    if (job) {
      this.bar.replaceChildren(
        job.media ? el("img", { src: job.media.still, alt: "" }) : "",
        el("span", { class: "words" }, el("b", {}, `Replying to #${shortId(job.id)}`), el("span", {}, job.alt)),
        el("button", { type: "button", class: "remove", "aria-label": "Cancel the reply", title: "Cancel the reply (Esc)", on: { click: () => { this.reply(null); this.field.focus(); } } }, "×"));
      announce(`Replying to ${job.alt}. Press Escape to cancel`);
      this.field.focus();
    }
    this.changed();
  }

  async submit() {
    const text = this.field.value.trim();
    if (!text.startsWith("/")) return this.#acceptOffer(0);
    if (this.submitting) return;
    this.submitting = true;
    byId("send").setAttribute("aria-busy", "true");
    await this.app.loaded;
    const uploaded = await this.attachments.allUploaded();
    byId("send").removeAttribute("aria-busy");
    this.submitting = false;
    if (!uploaded) return announce("Remove the file that could not be uploaded, then send again");
    const uploads = this.attachments.take();
    const { replied } = this;
    // What was written meanwhile stays.
    if (this.field.value.trim() === text) this.field.value = "";
    this.completion.resetHistory();
    this.reply(null);
    this.completion.hide();
    this.app.runCommand(text, { uploads, replied });
  }

  // Restores the text and files of a refused command.
  restore(text, uploads) {
    if (uploads && this.attachments.count === 0) this.attachments.restore(uploads);
    this.write(text);
  }

  changed() {
    const { field } = this;
    if (!this.completion) return;
    field.style.setProperty("block-size", "auto");
    field.style.setProperty("block-size", `${Math.min(MAX_HEIGHT, field.scrollHeight)}px`);
    this.#showOffers();
    this.completion.changed();
    const text = field.value.trim();
    const generates = this.app.commands().some((command) => command.makes && (text === `/${command.name}` || text.startsWith(`/${command.name} `)));
    this.prices.ask(generates ? { text, files: this.attachments.tokens, replied: this.replied?.id } : null);
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

  #acceptOffer(index) {
    const name = this.offers.hidden ? null : this.#commandsForText()[index];
    if (name) this.write(`/${name} ${this.field.value.trim()}`.trimEnd() + " ".repeat(this.field.value.trim() ? 0 : 1));
    else this.field.focus();
  }

  #escape(event) {
    if (event.key !== "Escape" || event.defaultPrevented || !this.replied) return;
    event.preventDefault();
    this.reply(null);
  }
}

const QUESTIONS = { imagine: "Make a picture?", animate: "Animate it?", extend: "Extend it?", reframe: "Change its aspect ratio?" };
