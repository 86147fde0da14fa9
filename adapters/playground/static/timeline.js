// One conversation: its cards and notes, the oldest first.

import { cardNode, fillCard } from "./cards.js";
import { byId, day, el, reducedMotion } from "./dom.js";
import { selectJob } from "./jobs.js";
import { noteNode } from "./notes.js";

const FLASH = 1600;

export class Timeline {
  constructor(app) {
    this.app = app;
    this.list = el("ol", { class: "messages", "aria-label": "Messages" });
    this.clear();
  }

  clear() {
    this.cards = new Map();
    this.messages = new Map();
    this.notes = new Map();
    this.nodes = new Map();
    // by card, then by emoji: the people who reacted, in that order
    this.reactions = new Map();
    this.list.replaceChildren();
  }

  get empty() {
    return this.nodes.size === 0;
  }

  // The time of the newest message.
  get newest() {
    return Math.max(0, ...[...this.list.children].map((node) => Number(node.dataset.at)));
  }

  // The number of messages after a time.
  countSince(at) {
    return [...this.list.children].filter((node) => Number(node.dataset.at) > at).length;
  }

  // Adds or updates a message. An older revision of a card is ignored.
  // Returns the card before and after, where a card changed.
  apply(message) {
    if (message.kind === "card") return this.#applyCard(message);
    if (message.kind === "said") this.#applyUserMessage(message);
    else if (message.kind === "note") this.#applyNote(message);
    else if (message.kind === "reaction") this.#applyReaction(message);
    return null;
  }

  // The commands that a person has sent, the oldest first.
  commandsOf(name) {
    const cards = [...this.cards.values()].filter((card) => card.name === name && !card.gone);
    const texts = cards.map((card) => [card.at, this.messages.get(card.card)?.text]);
    const answered = [...this.notes.values()].map((note) => [note.at, note.said]);
    return [...texts, ...answered].sort(([a], [b]) => a - b).map(([, text]) => text).filter((text) => text?.startsWith("/"));
  }

  // Finished jobs and their cards, the newest first.
  results() {
    const cards = [...this.cards.values()].filter((card) => !card.gone).sort((a, b) => b.at - a.at);
    return cards.flatMap((card) => card.jobs.filter((job) => job.media).map((job) => ({ card, job })));
  }

  reveal(job) {
    const node = this.list.querySelector(`#job-${CSS.escape(job)}`);
    if (!node) return false;
    node.scrollIntoView({ block: "center", behavior: reducedMotion() ? "auto" : "smooth" });
    node.focus({ preventScroll: true });
    node.classList.add("flash");
    setTimeout(() => node.classList.remove("flash"), FLASH);
    return true;
  }

  #applyCard(card) {
    const before = this.cards.get(card.card);
    if (before?.gone || (before && !card.gone && before.rev > card.rev)) return null;
    this.cards.set(card.card, card);
    if (card.gone) this.#remove(card.card);
    else this.#showCard(card);
    for (const note of this.notes.values()) {
      if (note.cards.some((shown) => shown.card === card.card)) this.#refreshNote(note, card);
    }
    return { before, card };
  }

  #showCard(card) {
    let node = this.nodes.get(card.card);
    if (!node) {
      node = cardNode(card, this.app);
      this.#insert(card.card, node, card.at);
    }
    fillCard(node, card, { message: this.messages.get(card.card), reactions: this.reactions.get(card.card) }, this.app);
  }

  #applyUserMessage(message) {
    this.messages.set(message.card, message);
    if (this.nodes.has(message.card)) this.#showCard(this.cards.get(message.card));
  }

  #applyReaction({ card, emoji, name, on }) {
    const reactions = this.reactions.get(card) ?? new Map();
    this.reactions.set(card, reactions);
    const names = (reactions.get(emoji) ?? []).filter((other) => other !== name);
    if (on) names.push(name);
    if (names.length) reactions.set(emoji, names);
    else reactions.delete(emoji);
    const node = this.nodes.get(card);
    if (!node) return;
    const number = this.app.numbers.indexOf(emoji);
    if (on && number >= 0 && name === this.app.me()) selectJob(node.querySelector(".job"), number, this.app);
    this.#showCard(this.cards.get(card));
  }

  #applyNote(note) {
    const before = this.notes.get(note.id);
    if (before?.gone) return;
    // The stored note has no large file, but the reply to this page had it.
    if (note.file && !note.file.address && before?.file) note = { ...note, file: before.file };
    // It comes as the reply and again in the stream: drawing it twice would lose a click in between.
    if (JSON.stringify(note) === JSON.stringify(before)) return;
    this.notes.set(note.id, note);
    const old = this.nodes.get(note.id);
    if (note.gone) return this.#remove(note.id);
    const node = noteNode(note, this.app);
    if (old) {
      // What follows takes the place of a button that is gone, such as "More", and its focus.
      const controls = (one) => [...one.querySelectorAll("a, button")];
      const focused = controls(old).indexOf(document.activeElement);
      old.replaceWith(node);
      if (focused >= 0) controls(node)[focused]?.focus();
      Object.assign(node.dataset, { at: note.at, key: note.id });
      this.nodes.set(note.id, node);
      this.#markDay(node);
      this.#markNotes();
    } else this.#insert(note.id, node, note.at);
  }

  #refreshNote(note, card) {
    // A note shows a part of a card: only some jobs, perhaps of a later revision.
    const cards = note.cards.map((shown) => {
      if (shown.card !== card.card) return shown;
      const jobs = shown.jobs.map((job) => card.jobs.find((one) => one.id === job.id) ?? job);
      return { ...shown, jobs, gone: card.gone };
    }).filter((shown) => !shown.gone);
    if (this.nodes.has(note.id)) this.#applyNote({ ...note, cards });
  }

  #insert(id, node, at) {
    node.dataset.at = at;
    node.dataset.key = id;
    let after = this.list.lastElementChild;
    while (after && (Number(after.dataset.at) > at || (Number(after.dataset.at) === at && after.dataset.key > id))) {
      after = after.previousElementSibling;
    }
    if (after) after.after(node);
    else this.list.prepend(node);
    this.nodes.set(id, node);
    this.#markDay(node);
    this.#markDay(node.nextElementSibling);
    if (node.matches(".only-mine")) this.#markNotes();
  }

  #remove(id) {
    const node = this.nodes.get(id);
    if (!node) return;
    if (node.contains(document.activeElement)) byId("command-input").focus();
    const next = node.nextElementSibling;
    node.remove();
    this.nodes.delete(id);
    this.#markDay(next);
    if (node.matches(".only-mine")) this.#markNotes();
  }

  // Removes every private note.
  removeNotes() {
    for (const note of this.notes.values()) if (note.to && !note.gone) this.#applyNote({ ...note, cards: [], gone: true });
  }

  // The newest of several private notes dismisses them all.
  #markNotes() {
    const notes = [...this.list.querySelectorAll(":scope > .only-mine")];
    notes.forEach((node, index) => { node.querySelector(".dismiss-all").hidden = notes.length < 2 || index < notes.length - 1; });
  }

  // Shows the day above a message, unless the one before it is of the same day.
  #markDay(node) {
    if (!node) return;
    const name = day(Number(node.dataset.at));
    const before = node.previousElementSibling;
    if (before && day(Number(before.dataset.at)) === name) delete node.dataset.day;
    else node.dataset.day = name;
  }
}
