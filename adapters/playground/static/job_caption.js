// The caption of a result: its title, its details, what it was made from and its command.

import { el, shortId } from "./dom.js";
import { copy } from "./notices.js";

const CLAMP_FROM = 240;

export function title(text) {
  const node = el("p", { class: "title" }, text);
  if (text.length < CLAMP_FROM) return node;
  node.classList.add("clamped");
  const more = el("button", { type: "button", class: "more", "aria-expanded": "false", "data-key": "more" }, "Show all");
  more.addEventListener("click", () => {
    const open = !node.classList.toggle("clamped");
    more.textContent = open ? "Show less" : "Show all";
    more.setAttribute("aria-expanded", String(open));
  });
  return el("div", {}, node, more);
}

export function details(job, app, text) {
  const facts = job.tone === "gone" ? [] : job.facts;
  return el("div", { class: "details" },
    facts.length > 0 && el("dl", { class: "facts" },
      facts.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value)))),
    app.simulated && job.media && el("p", { class: "placeholder" }, "simulated"),
    origin(job, app, text));
}

function origin(job, app, text) {
  return el("div", { class: "origin" },
    copyButton(job.id, "id", `Copy the id ${job.id}`, `#${shortId(job.id)}`),
    job.parent && el("a", {
      href: `#job-${job.parent}`, class: "parent", "data-key": "parent",
      title: `Show the source ${job.parent}`,
      on: { click: (event) => { event.preventDefault(); app.reveal(job.parent); } },
    }, el("span", { "aria-hidden": "true" }, "↖ "), `from #${shortId(job.parent)}`),
    copyCommand(job, text),
    job.stars > 0 && el("span", { class: "stars" }, `★ ${job.stars}`, el("span", { class: "visually-hidden" }, " in the gallery")));
}

// `text` is what was typed for the card.
export function copyCommand(job, text) {
  const command = text?.startsWith("/") ? text : `/show ${job.id}`;
  return copyButton(command, "command", `Copy the command: ${command}`, "copy command");
}

function copyButton(text, key, name, shown) {
  const button = el("button", { type: "button", class: "id", "data-key": key, title: name, "aria-label": name }, shown);
  button.addEventListener("click", async () => {
    try {
      await copy(text);
    } catch {
      return;
    }
    button.textContent = "copied";
    setTimeout(() => { button.textContent = shown; }, 1400);
  });
  return button;
}
