// A card of the conversation: who asked for what, the results, and the reactions under them.

import { avatar, clock, el } from "./dom.js";
import { chosen, fillJobs, jobsNode } from "./jobs.js";
import { short } from "./label.js";
import { fillQuick, fillReactions, openPicker } from "./reactions.js";

export function cardNode(card, desk) {
  const node = el("li", { class: "message" },
    avatar(card.name),
    el("article", { class: "card", "aria-label": `${card.name}: ${card.title}` },
      el("header", {},
        el("strong", {}, card.name), clock(card.at),
        card.to && card.channel === "studio" && el("span", { class: "private" }, "Only you can see this")),
      el("div", { class: "above" }),
      el("div", { class: "jobs" }),
      el("div", { class: "reactions", role: "group", "aria-label": "Reactions" })));
  node.querySelector(".card").append(hoverBar(node, card, desk));
  return node;
}

export function fillCard(node, card, { said, reactions }, desk) {
  node.querySelector(".above").replaceChildren(...aboveOf(said, desk));
  const jobs = node.querySelector(".jobs");
  if (jobs.firstElementChild) fillJobs(jobs.firstElementChild, card, desk, said?.text);
  else jobs.append(jobsNode(card, desk, { anchored: true, said: said?.text }));
  const job = () => chosen(node.querySelector(".job"));
  fillReactions(node.querySelector(".reactions"), card, reactions ?? new Map(), desk, job);
  fillQuick(node.querySelector(".quicks"), card, desk, job);
}

function hoverBar(node, card, desk) {
  const add = el("button", { type: "button", "aria-label": "Add a reaction", title: "Add a reaction", "aria-haspopup": "menu" },
    el("span", { "aria-hidden": "true" }, "☺"));
  add.addEventListener("click", () => openPicker(add, card, desk, () => chosen(node.querySelector(".job"))));
  const reply = el("button", { type: "button", "aria-label": "Reply", title: "Reply: the next command builds on it" },
    el("span", { "aria-hidden": "true" }, "↩"));
  reply.addEventListener("click", () => desk.reply(chosen(node.querySelector(".job"))));
  return el("div", { class: "hoverbar", role: "group", "aria-label": "React or reply" },
    el("span", { class: "quicks" }), add, reply);
}

// What was typed or pressed, what came along with it, and what it replied to.
export function aboveOf(said, desk) {
  if (!said) return [];
  const { text, replied } = said;
  return [
    replied && el("a", {
      class: "replied", href: `#job-${replied}`,
      on: { click: (event) => { event.preventDefault(); desk.reveal(replied); } },
    }, el("span", { "aria-hidden": "true" }, "↱ "), `reply to #${short(replied)}`),
    text && el("p", { class: text.startsWith("/") ? "said" : "said pressed" }, text),
    filesOf(said.files),
  ].filter(Boolean);
}

function filesOf(files) {
  if (!files?.length) return null;
  return el("ul", { class: "along", "aria-label": "Files that came along" }, files.map((file) => el("li", {},
    el("a", { href: `${file.src}/view`, target: "_blank", rel: "noopener", title: file.name },
      el("img", { src: file.still, alt: file.name, loading: "lazy" }),
      file.kind === "video" && el("span", { class: "film", "aria-hidden": "true" }, "▶")))));
}
