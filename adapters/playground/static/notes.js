// What is told to one person alone: answers to questions, and refusals with what to do instead.
// A line of the bot's own to everybody looks the same, but nobody can take it away for all.

import { aboveOf } from "./cards.js";
import { clock, el } from "./dom.js";
import { jobsNode } from "./jobs.js";

export function noteNode(note, desk) {
  // Where the jobs themselves are shown, their titles and places need not be told again.
  const told = note.cards.length > 0;
  const titled = !note.to || (note.cards.length === 1 && note.cards[0].title === note.title);
  return el("li", { class: note.refused ? "message note refused" : "message note" },
    el("span", { class: "avatar mark", "aria-hidden": "true" }),
    el("article", { class: "card", "aria-label": note.to ? `Only for you: ${note.title}` : note.title },
      el("header", {},
        el("strong", {}, "Reverie"), clock(note.at),
        note.to && el("span", { class: "private" }, "Only you can see this"),
        note.to && el("button", {
          type: "button", class: "dismiss", "aria-label": `Dismiss: ${note.title}`,
          on: { click: () => desk.dismiss(note.id) },
        }, "×")),
      aboveOf({ text: note.said, files: note.files }, desk),
      note.title && !titled && el("h3", {}, note.title),
      note.text && el("p", { class: "text" }, note.text),
      note.facts.length > 0 && !told && el("dl", { class: "table" },
        note.facts.map(([name, value]) => el("div", {}, el("dt", {}, named(name, desk)), el("dd", {}, value)))),
      note.refused && note.said.startsWith("/") && el("div", { class: "actions" },
        el("button", { type: "button", on: { click: () => desk.retry(note) } }, "Edit and try again")),
      jobsOf(note, desk)));
}

// A command in a list is there to be tried.
function named(name, desk) {
  if (!name.startsWith("/")) return name;
  return el("button", { type: "button", class: "try", title: "Write this", on: { click: () => desk.write(name) } }, name);
}

function jobsOf(note, desk) {
  if (note.cards.length === 0) return null;
  if (note.cards.length === 1) return el("div", { class: "jobs" }, jobsNode(note.cards[0], desk, { anchored: false }));
  const shown = note.cards.flatMap((card) => card.jobs.map((job) => ({ card, job })));
  return el("ul", { class: "shelf" }, shown.map(({ card, job }) => el("li", {}, row(card, job, desk))));
}

function row(card, job, desk) {
  const { media } = job;
  const image = media && el("img", { src: media.still, alt: "", width: media.width, height: media.height, loading: "lazy" });
  return el("button", { type: "button", class: `tone-${job.tone}`, on: { click: () => desk.reveal(job.id) } },
    el("span", { class: "thumb" }, image, media?.kind === "video" && el("span", { class: "film", "aria-hidden": "true" }, "▶")),
    el("span", { class: "about" }, el("span", { class: "title" }, card.title), el("span", { class: "headline" }, job.headline)),
    clock(card.at));
}
