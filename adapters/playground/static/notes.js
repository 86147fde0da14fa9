// Notes: replies and refusals that one person sees. An announcement of the bot, or a reply that an admin has posted for
// everybody, looks the same but cannot be dismissed.

import { messageAbove } from "./cards.js";
import { clock, el, replyFile, withMoments } from "./dom.js";
import { jobsNode } from "./jobs.js";
import { limitNode } from "./people.js";

export function noteNode(note, app) {
  // Where the jobs themselves are shown, the table would only repeat them.
  const listsJobs = note.cards.length > 0;
  // Notes of earlier versions have no limits and no commands.
  const limits = note.limits ?? [];
  const facts = note.facts.slice(limits.length);
  const hidesTitle = note.title === "Reverie" || (note.cards.length === 1 && note.cards[0].title === note.title);
  return el("li", { class: `message note${note.refused ? " refused" : ""}${note.to ? " only-mine" : ""}` },
    el("span", { class: "avatar mark", "aria-hidden": "true" }),
    el("article", { class: "card", "aria-label": note.to ? `Only for you: ${note.title}` : note.title },
      el("header", {},
        el("strong", {}, "Reverie"), clock(note.at),
        note.to && el("span", { class: "private" }, "Only you can see this"),
        note.to && el("button", {
          type: "button", class: "dismiss-all id", hidden: true, on: { click: () => app.dismissAll() },
        }, "Dismiss all notes"),
        note.to && el("button", {
          type: "button", class: "dismiss", "aria-label": `Dismiss: ${note.title}`,
          on: { click: () => app.dismiss(note.id) },
        }, "×")),
      messageAbove({ text: note.said, files: note.files }, app),
      note.title && !hidesTitle && el("h2", {}, note.title),
      note.text && el("p", { class: "text" }, withMoments(note.text)),
      note.file && replyFile(note.file),
      limits.length > 0 && el("div", { class: "limits" }, limits.map(limitNode)),
      facts.length > 0 && !listsJobs && el("dl", { class: note.commands?.length ? "table commands" : "table" },
        facts.map(([name, value], index) => el("div", {},
          el("dt", {}, nameOf(name, app)), el("dd", {}, withMoments(value), toForm(note.commands?.[index], app))))),
      note.refused && note.said.startsWith("/") && el("div", { class: "actions" },
        el("button", { type: "button", on: { click: () => app.retry(note) } }, "Edit and try again")),
      jobsOf(note, app),
      note.more && el("div", { class: "actions" },
        el("button", { type: "button", on: { click: () => app.more(note) } }, "More"))));
}

// A command in a list can be clicked to try it.
function nameOf(name, app) {
  if (!name.startsWith("/")) return name;
  return el("button", { type: "button", class: "try", title: "Try this command", on: { click: () => app.write(name) } }, unbroken(name));
}

// A line breaks between the words of a command, and not after the hyphens of an option.
const unbroken = (text) => text.split(" ").flatMap((word, index) => [index > 0 && " ", el("span", { class: "word" }, word)]).filter(Boolean);

function toForm(command, app) {
  if (!command || !app.commands().some((one) => one.name === command)) return "";
  return el("button", {
    type: "button", class: "to-form", "aria-label": `Open the form of /${command}`, "aria-haspopup": "dialog", on: { click: () => app.openForm(command) },
  }, "Form");
}

function jobsOf(note, app) {
  if (note.cards.length === 0) return null;
  if (note.cards.length === 1) return el("div", { class: "jobs" }, jobsNode(note.cards[0], app, { anchored: false }));
  const shown = note.cards.flatMap((card) => card.jobs.map((job) => ({ card, job })));
  return el("ul", { class: "job-list" }, shown.map(({ card, job }) => el("li", {}, row(card, job, app))));
}

function row(card, job, app) {
  const { media } = job;
  const image = media && !job.spoiler && el("img", { src: media.still, alt: "", width: media.width, height: media.height, loading: "lazy" });
  return el("button", { type: "button", class: `tone-${job.tone}`, on: { click: () => app.reveal(job.id) } },
    el("span", { class: "thumb" }, image, media?.kind === "video" && el("span", { class: "film", "aria-hidden": "true" }, "▶")),
    el("span", { class: "about" }, el("span", { class: "title" }, card.title), el("span", { class: "headline" }, [job.headline, ...(job.listed ?? [])].join(" · "))),
    clock(card.at));
}
