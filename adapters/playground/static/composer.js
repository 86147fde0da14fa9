// Where people write: what comes along, what it would cost, and what plain words could become.

import { Attachments } from "./attachments.js";
import { Completion } from "./completion.js";
import { announce, byId, el } from "./dom.js";
import { pick, receive } from "./files.js";
import { short } from "./label.js";
import { Pricing } from "./pricing.js";

const TALLEST = 180;

export class Composer {
  // `desk` sends and knows the commands; `words` are the texts sent before.
  constructor({ desk, words }) {
    this.desk = desk;
    this.field = byId("words");
    this.offers = byId("offers");
    this.bar = byId("replying");
    this.price = byId("price");
    this.replied = null;
    this.pricing = new Pricing(({ price }) => { this.price.textContent = price ?? ""; this.price.hidden = !price; });
    this.attachments = new Attachments({ onChange: () => this.changed(), limits: () => desk.limits });
    this.completion = new Completion({
      field: this.field, list: byId("suggestions"), history: words, write: (text) => this.write(text), submit: () => this.submit(),
      changed: () => this.changed(),
    });
    receive((files) => { this.attachments.add(files); this.field.focus(); });
    byId("attach").addEventListener("click", () => pick({ several: true }, (files) => { this.attachments.add(files); this.field.focus(); }));
    byId("composer").addEventListener("submit", (event) => { event.preventDefault(); this.submit(); });
    this.field.addEventListener("input", () => { this.completion.forgetBack(); this.changed(); });
    this.field.addEventListener("keydown", (event) => this.#escape(event));
    // A press on an offer must not take the focus away from the field.
    this.offers.addEventListener("pointerdown", (event) => event.preventDefault());
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

  // The next command builds on this result.
  reply(job) {
    this.replied = job;
    this.bar.hidden = !job;
    if (job) {
      this.bar.replaceChildren(
        job.media ? el("img", { src: job.media.still, alt: "" }) : "",
        el("span", { class: "words" }, el("b", {}, `Replying to #${short(job.id)}`), el("span", {}, job.alt)),
        el("button", { type: "button", class: "remove", "aria-label": "Do not reply", title: "Do not reply (Esc)", on: { click: () => { this.reply(null); this.field.focus(); } } }, "×"));
      announce(`Replying to ${job.alt}. Escape takes it back`);
      this.field.focus();
    }
    this.changed();
  }

  async submit() {
    const text = this.field.value.trim();
    if (!text.startsWith("/")) return this.#takeOffer(0);
    if (this.waiting) return;
    this.waiting = true;
    byId("send").setAttribute("aria-busy", "true");
    const here = await this.attachments.settled();
    byId("send").removeAttribute("aria-busy");
    this.waiting = false;
    if (!here) return announce("Remove the file that did not arrive, then send again");
    const uploads = this.attachments.take();
    const { replied } = this;
    this.field.value = "";
    this.completion.forgetBack();
    this.reply(null);
    this.completion.hide();
    this.desk.run(text, { uploads, replied });
  }

  // Puts back what a refused command had.
  restore(text, uploads) {
    if (uploads && this.attachments.count === 0) this.attachments.restore(uploads);
    this.write(text);
  }

  changed() {
    const { field } = this;
    if (!this.completion) return;
    field.style.setProperty("block-size", "auto");
    field.style.setProperty("block-size", `${Math.min(TALLEST, field.scrollHeight)}px`);
    this.#showOffers();
    this.completion.changed();
    const text = field.value.trim();
    const making = this.desk.commands().some((command) => command.makes && (text === `/${command.name}` || text.startsWith(`/${command.name} `)));
    this.pricing.ask(making ? { text, files: this.attachments.tokens, replied: this.replied?.id } : null);
  }

  #showOffers() {
    const words = this.field.value.trim();
    const plain = !words.startsWith("/") && (words !== "" || this.attachments.count > 0 || this.replied !== null);
    const names = plain ? this.#fitting() : [];
    this.offers.replaceChildren(...names.map((name, index) => el("li", {}, el("button", {
      type: "button", class: "offer", on: { click: () => this.#takeOffer(index) },
    }, el("b", {}, QUESTIONS[name]), el("span", {}, `/${name} ${words}`.trim()), index === 0 && el("kbd", {}, "Enter")))));
    this.offers.hidden = names.length === 0;
  }

  // What the words, and what comes with them, are likely to be meant for.
  #fitting() {
    const kind = this.replied?.media?.kind ?? this.attachments.uploads[0]?.media?.kind ?? (this.attachments.count ? "picture" : null);
    if (!kind) return ["imagine"];
    if (kind === "video") return this.replied ? ["extend", "reframe"] : ["reframe"];
    return ["animate", "imagine", "reframe"];
  }

  #takeOffer(index) {
    const name = this.offers.hidden ? null : this.#fitting()[index];
    if (name) this.write(`/${name} ${this.field.value.trim()}`.trimEnd() + " ".repeat(this.field.value.trim() ? 0 : 1));
    else this.field.focus();
  }

  #escape(event) {
    if (event.key !== "Escape" || event.defaultPrevented || !this.replied) return;
    event.preventDefault();
    this.reply(null);
  }
}

const QUESTIONS = { imagine: "Picture this?", animate: "Animate it?", extend: "Go on from it?", reframe: "A new frame?" };
