// The conversation: cards and private notes in the order in which they came to be.

import { avatar, byId, calm, clock, day, el } from "./dom.js";
import { fillJob, jobNode, title } from "./jobs.js";
import { noteNode } from "./notes.js";

const FLASH = 1600;

export class Timeline {
  constructor(list, desk) {
    this.list = list;
    this.desk = desk;
    this.clear();
  }

  clear() {
    this.cards = new Map();
    this.said = new Map();
    this.notes = new Map();
    this.nodes = new Map();
    this.list.replaceChildren();
  }

  get empty() {
    return this.nodes.size === 0;
  }

  // Takes a message in; a revision older than what is shown never covers it.
  // Answers the card as it was before, for a card that changed.
  apply(message) {
    if (message.kind === "card") return this.#applyCard(message);
    if (message.kind === "said") this.#applySaid(message);
    else if (message.kind === "note") this.#applyNote(message);
    return null;
  }

  // Texts that a person has sent, oldest first.
  wordsOf(name) {
    const cards = [...this.cards.values()].filter((card) => card.name === name && !card.gone);
    const texts = cards.map((card) => [card.at, this.said.get(card.card)]);
    const answered = [...this.notes.values()].map((note) => [note.at, note.said]);
    return [...texts, ...answered].sort(([a], [b]) => a - b).map(([, text]) => text).filter((text) => text?.startsWith("/"));
  }

  reveal(job) {
    const node = byId(`job-${job}`);
    if (!node) return false;
    node.scrollIntoView({ block: "center", behavior: calm() ? "auto" : "smooth" });
    node.focus({ preventScroll: true });
    node.classList.add("flash");
    setTimeout(() => node.classList.remove("flash"), FLASH);
    return true;
  }

  #applyCard(card) {
    const before = this.cards.get(card.card);
    if (before?.gone || (before && !card.gone && before.rev > card.rev)) return null;
    this.cards.set(card.card, card);
    if (card.gone) this.#drop(card.card);
    else this.#showCard(card);
    for (const note of this.notes.values()) {
      if (note.cards.some((shown) => shown.card === card.card)) this.#refreshNote(note, card);
    }
    return { before, card };
  }

  #showCard(card) {
    let node = this.nodes.get(card.card);
    if (!node) {
      node = cardNode(card);
      this.#insert(card.card, node, card.at);
    }
    fillCard(node, card, this.said.get(card.card), this.desk);
  }

  #applySaid({ card, text }) {
    this.said.set(card, text);
    const node = this.nodes.get(card);
    if (node) setSaid(node, text);
  }

  #applyNote(note) {
    const before = this.notes.get(note.id);
    if (before?.gone) return;
    this.notes.set(note.id, note);
    const old = this.nodes.get(note.id);
    if (note.gone) return this.#drop(note.id);
    const node = noteNode(note, this.desk);
    if (old) {
      old.replaceWith(node);
      node.dataset.at = note.at;
      this.nodes.set(note.id, node);
    } else this.#insert(note.id, node, note.at);
  }

  #refreshNote(note, card) {
    const cards = note.cards.map((shown) => (shown.card === card.card ? card : shown)).filter((shown) => !shown.gone);
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
    this.#markDays();
  }

  #drop(id) {
    const node = this.nodes.get(id);
    if (!node) return;
    if (node.contains(document.activeElement)) byId("words").focus();
    node.remove();
    this.nodes.delete(id);
    this.#markDays();
  }

  #markDays() {
    let last = "";
    for (const node of this.list.children) {
      const name = day(Number(node.dataset.at));
      if (name === last) delete node.dataset.day;
      else node.dataset.day = name;
      last = name;
    }
  }
}

function cardNode(card) {
  return el("li", { class: "message" },
    avatar(card.name),
    el("article", { class: "card", "aria-label": `${card.name}: ${card.title}` },
      el("header", {},
        el("strong", {}, card.name), clock(card.at),
        card.to && el("span", { class: "private" }, "Only you can see this")),
      el("p", { class: "said", hidden: true }),
      el("div", { class: "jobs" })));
}

function setSaid(node, text) {
  const said = node.querySelector(".said");
  said.hidden = !text;
  said.textContent = text ?? "";
  said.classList.toggle("pressed", Boolean(text) && !text.startsWith("/"));
}

function fillCard(node, card, said, desk) {
  setSaid(node, said);
  const jobs = node.querySelector(".jobs");
  jobs.classList.toggle("many", card.jobs.length > 1);
  for (const job of card.jobs) {
    const known = jobs.querySelector(`[data-job="${CSS.escape(job.id)}"]`);
    if (known) fillJob(known, job, card, desk);
    else jobs.append(jobNode(job, card, desk, { anchored: true }));
  }
  if (card.jobs.length > 1 && !node.querySelector(".card > .shared")) {
    jobs.after(el("div", { class: "shared" }, title(card.title)));
  }
}
