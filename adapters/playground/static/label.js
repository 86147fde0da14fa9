// What stands under a result: its title, its facts, where it comes from and how to make it again.

import { announce, copy, el } from "./dom.js";

const LONG = 240;

export function title(text) {
  const node = el("p", { class: "title" }, text);
  if (text.length < LONG) return node;
  node.classList.add("clamped");
  const more = el("button", { type: "button", class: "more", "aria-expanded": "false", "data-key": "more" }, "Show all");
  more.addEventListener("click", () => {
    const open = !node.classList.toggle("clamped");
    more.textContent = open ? "Show less" : "Show all";
    more.setAttribute("aria-expanded", String(open));
  });
  return el("div", {}, node, more);
}

export function meta(job, desk, said) {
  const facts = job.tone === "gone" ? [] : job.facts;
  return el("div", { class: "meta" },
    facts.length > 0 && el("dl", { class: "facts" },
      facts.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value)))),
    origin(job, desk, said));
}

function origin(job, desk, said) {
  const command = said?.startsWith("/") ? said : `/show ${job.id}`;
  return el("div", { class: "origin" },
    copier(job.id, "id", `Copy the id ${job.id}`, `#${short(job.id)}`),
    job.parent && el("a", {
      href: `#job-${job.parent}`, class: "parent", "data-key": "parent",
      title: `Show what it was made from, ${job.parent}`,
      on: { click: (event) => { event.preventDefault(); desk.reveal(job.parent); } },
    }, el("span", { "aria-hidden": "true" }, "↖ "), `from #${short(job.parent)}`),
    copier(command, "command", `Copy the command: ${command}`, "copy command"),
    job.stars > 0 && el("span", { class: "stars" }, `★ ${job.stars}`, el("span", { class: "unseen" }, " in the gallery")));
}

function copier(text, key, name, shown) {
  const button = el("button", { type: "button", class: "id", "data-key": key, title: name, "aria-label": name }, shown);
  button.addEventListener("click", async () => {
    try {
      await copy(text);
    } catch {
      return;
    }
    announce(`Copied: ${text}`);
    button.textContent = "copied";
    setTimeout(() => { button.textContent = shown; }, 1400);
  });
  return button;
}

// The time stands first in an id, so that its end is what tells two apart.
export const short = (id) => id.slice(-6);
