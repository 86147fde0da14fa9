// The caption of a result: its title, its details, what it was made from and its command.

import { el, shortId } from "./dom.js";
import { copy, toast } from "./notices.js";

const CLAMP_FROM = 240;

export function title(text) {
  const node = el("p", { class: "title", dir: "auto" }, text);
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

export function details(job, app) {
  const facts = job.tone === "gone" ? [] : job.facts;
  return el("div", { class: "details" },
    facts.length > 0 && el("dl", { class: "facts" },
      facts.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value)))),
    app.simulated && job.media && el("p", { class: "placeholder" }, "simulated"),
    origin(job, app));
}

function origin(job, app) {
  return el("div", { class: "origin" },
    copyButton(job.id, "id", `Copy the id ${job.id}`, `#${shortId(job.id)}`),
    job.parent && el("a", {
      href: `#job-${job.parent}`, class: "parent", "data-key": "parent",
      title: `Show the source ${job.parent}`,
      on: { click: (event) => { event.preventDefault(); app.reveal(job.parent); } },
    }, el("span", { "aria-hidden": "true" }, "↖ "), `from #${shortId(job.parent)}`),
    job.tone !== "gone" && [copyCommand(job, app), useSettings(job, app)],
    job.stars > 0 && el("span", { class: "stars" }, `★ ${job.stars}`, el("span", { class: "visually-hidden" }, " in the gallery")));
}

// Copies the command with every option.
export function copyCommand(job, app) {
  const button = el("button", {
    type: "button", class: "id", "data-key": "command", title: "Copy the command with every option", "aria-label": `Copy the command of #${shortId(job.id)}`,
  }, "copy command");
  button.addEventListener("click", async () => {
    const settings = await app.settingsOf(job);
    if (!settings) return;
    await copy(settings.line).catch(() => {});
    confirmCopy(button, "copy command");
    if (settings.files.length) toast({ title: "Copied without files", text: "“Use settings” opens the form with them." });
  });
  return button;
}

export function useSettings(job, app) {
  return el("button", {
    type: "button", class: "id", "data-key": "settings", "aria-haspopup": "dialog", "aria-label": `Use the settings of #${shortId(job.id)}`,
    title: "Open the form with these settings", on: { click: () => app.useSettings(job) },
  }, "use settings");
}

function confirmCopy(button, shown) {
  button.textContent = "copied";
  setTimeout(() => { button.textContent = shown; }, 1400);
}

function copyButton(text, key, name, shown) {
  const button = el("button", { type: "button", class: "id", "data-key": key, title: name, "aria-label": name }, shown);
  button.addEventListener("click", async () => {
    try {
      await copy(text);
    } catch {
      return;
    }
    confirmCopy(button, shown);
  });
  return button;
}
