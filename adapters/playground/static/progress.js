// Moves the bars of running jobs by the server's clock, between two revisions of their cards.

import { el } from "./dom.js";

const EVERY = 500;
let ahead = 0;

export function setClock(now) {
  ahead = now - Date.now();
}

export function developing(job) {
  const node = el("div", { class: "developing" },
    el("p", { class: "headline" }),
    el("div", { class: "bar", role: "progressbar", "aria-label": "Progress", "aria-valuemin": "0", "aria-valuemax": "100" },
      el("span")));
  setProgress(node, job);
  return node;
}

export function setProgress(node, job) {
  node.dataset.headline = job.headline;
  node.dataset.since = job.running_since ?? "";
  node.dataset.expected = job.expected_ms;
  move(node);
}

function move(node) {
  const since = Number(node.dataset.since);
  const expected = Number(node.dataset.expected);
  const bar = node.querySelector(".bar");
  const part = since && expected > 0 ? (Date.now() + ahead - since) / expected : null;
  const over = part !== null && part >= 1;
  const text = over ? "Dreaming · taking a little longer" : node.dataset.headline;
  const headline = node.querySelector(".headline");
  if (headline.textContent !== text) headline.textContent = text;
  node.classList.toggle("waits", !since);
  node.classList.toggle("over", over || (since > 0 && part === null));
  if (part === null || over) {
    bar.removeAttribute("aria-valuenow");
    bar.firstElementChild.style.removeProperty("inline-size");
    return;
  }
  const percent = Math.max(2, Math.min(100, part * 100));
  bar.firstElementChild.style.setProperty("inline-size", `${percent.toFixed(1)}%`);
  // Every change of the value may be read out: ten of them are enough.
  bar.setAttribute("aria-valuenow", String(Math.floor(percent / 10) * 10));
}

setInterval(() => document.querySelectorAll(".developing").forEach(move), EVERY);
