// A card of the conversation: who asked for what, the results and their reactions.

import { avatar, clock, el, shortId } from "./dom.js";
import { fillJobs, jobsNode, selectedJob } from "./jobs.js";
import { fillQuick, fillReactions, openPicker } from "./reactions.js";

export function cardNode(card, app) {
  const node = el("li", { class: "message" },
    avatar(card.name),
    el("article", { class: "card", "aria-label": `${card.name}: ${card.title}` },
      el("header", {},
        el("strong", { dir: "auto" }, card.name), clock(card.at),
        card.to && card.channel === "studio" && el("span", { class: "private" }, "Only you can see this")),
      el("div", { class: "above" }),
      el("div", { class: "jobs" }),
      el("div", { class: "reactions", role: "group", "aria-label": "Reactions" })));
  node.querySelector(".card").append(cardToolbar(node, card, app));
  return node;
}

export function fillCard(node, card, { message, reactions }, app) {
  node.querySelector(".above").replaceChildren(...messageAbove(message, app));
  const jobs = node.querySelector(".jobs");
  if (jobs.firstElementChild) fillJobs(jobs.firstElementChild, card, app);
  else jobs.append(jobsNode(card, app, { anchored: true }));
  const job = () => selectedJob(node.querySelector(".job"));
  fillReactions(node.querySelector(".reactions"), card, reactions ?? new Map(), app, job);
  fillQuick(node.querySelector(".quicks"), card, app, job);
}

function cardToolbar(node, card, app) {
  const add = el("button", { type: "button", "aria-label": "Add a reaction", title: "Add a reaction", "aria-haspopup": "menu" },
    el("span", { "aria-hidden": "true" }, "☺"));
  add.addEventListener("click", () => openPicker(add, card, app, () => selectedJob(node.querySelector(".job"))));
  const reply = el("button", { type: "button", "aria-label": "Reply", title: "Reply: the next command uses this result" },
    el("span", { "aria-hidden": "true" }, "↩"));
  reply.addEventListener("click", () => app.reply(selectedJob(node.querySelector(".job"))));
  return el("div", { class: "card-toolbar", role: "group", "aria-label": "React or reply" },
    el("span", { class: "quicks" }), add, reply);
}

// The message above a result: its text, its files and what it replies to.
export function messageAbove(message, app) {
  if (!message) return [];
  const { text, replied } = message;
  return [
    replied && el("a", {
      class: "replied", href: `#job-${replied}`,
      on: { click: (event) => { event.preventDefault(); app.reveal(replied); } },
    }, el("span", { "aria-hidden": "true" }, "↱ "), `reply to #${shortId(replied)}`),
    text && el("p", { class: text.startsWith("/") ? "said" : "said pressed" }, text),
    attachedFiles(message.files),
  ].filter(Boolean);
}

function attachedFiles(files) {
  if (!files?.length) return null;
  return el("ul", { class: "attached-files", "aria-label": "Attached files" }, files.map((file) => el("li", {},
    el("a", { href: `${file.src}/view`, target: "_blank", rel: "noopener", title: file.name },
      el("img", { src: file.still, alt: file.name, loading: "lazy" }),
      file.kind === "video" && el("span", { class: "film", "aria-hidden": "true" }, "▶")))));
}
