// Moves the bars of running jobs by the server's clock, between two revisions of their cards.

import { el } from "./dom.js";

const EVERY = 500;
// From here on a bar slows down: it never stands still and never arrives before the result does.
const STEADY = 0.8;
const REST = 0.19;
const A_FEW_SECONDS = 10_000;
let ahead = 0;
// How far each job's bar has come. A longer estimate makes it wait there, not jump back.
const reached = new Map();

export function setClock(now) {
  ahead = now - Date.now();
}

export function developing(job) {
  const node = el("div", { class: "developing" },
    el("p", { class: "headline" }),
    el("div", { class: "bar", role: "progressbar", "aria-label": `Progress: ${job.alt}`, "aria-valuemin": "0", "aria-valuemax": "100" },
      el("span")),
    el("p", { class: "left" }));
  setProgress(node, job);
  return node;
}

export function setProgress(node, job) {
  node.dataset.job = job.id;
  node.dataset.since = job.running_since ?? "";
  node.dataset.expected = job.expected_ms;
  node.dataset.ready = job.ready_at ?? "";
  const headline = node.querySelector(".headline");
  if (headline.textContent !== job.headline) headline.textContent = job.headline;
  move(node);
}

export const slowed = (part) => (part <= STEADY ? part : STEADY + REST * (1 - Math.exp(-(part - STEADY) / REST)));

function move(node) {
  const now = Date.now() + ahead;
  const since = Number(node.dataset.since);
  const expected = Number(node.dataset.expected);
  const bar = node.querySelector(".bar");
  const known = since > 0 && expected > 0;
  node.classList.toggle("waits", !since);
  node.classList.toggle("unmeasured", since > 0 && !known);
  node.querySelector(".left").textContent = since > 0 && node.dataset.ready ? remaining(Number(node.dataset.ready) - now) : "";
  if (!known) {
    bar.removeAttribute("aria-valuenow");
    bar.firstElementChild.style.removeProperty("inline-size");
    return;
  }
  const part = Math.max(reached.get(node.dataset.job) ?? 0.02, slowed(Math.max(0, now - since) / expected));
  reached.set(node.dataset.job, part);
  bar.firstElementChild.style.setProperty("inline-size", `${(part * 100).toFixed(1)}%`);
  // Every change of the value may be read out: ten of them are enough.
  bar.setAttribute("aria-valuenow", String(Math.floor(part * 10) * 10));
}

function remaining(milliseconds) {
  if (milliseconds < 1000) return "any moment now";
  if (milliseconds < A_FEW_SECONDS) return "a few seconds left";
  const seconds = Math.ceil(milliseconds / 5000) * 5;
  return seconds < 90 ? `about ${seconds} s left` : `about ${Math.round(seconds / 60)} min left`;
}

// A job that has ended needs no bar any more.
export const forget = (job) => reached.delete(job);

setInterval(() => document.querySelectorAll(".developing").forEach(move), EVERY);
