// The jobs of a card: one with its caption, or several in a grid over one caption for the selected job.

import { actions } from "./actions.js";
import { el } from "./dom.js";
import { details, title } from "./job_caption.js";
import { isUnfinished, showMedia } from "./job_media.js";

// An `anchored` node has the id of its job; a conversation has one such node for each job.
export function jobsNode(card, app, { anchored, text }) {
  const many = card.jobs.length > 1;
  const node = el("section", { class: many ? "job group" : "job", tabindex: "-1", id: anchored && !many ? `job-${card.jobs[0].id}` : null });
  if (many) {
    node.dataset.selected = card.jobs[0].id;
    node.append(el("div", { class: "cells", role: "radiogroup", "aria-label": "Selected result" },
      card.jobs.map((job, index) => cell(job, index, node, { card, app, anchored }))));
  }
  fillJobs(node, card, app, text);
  return node;
}

export function fillJobs(node, card, app, text) {
  node.card = card;
  node.text = text;
  if (card.jobs.length > 1) {
    for (const job of card.jobs) fillCell(node.querySelector(`[data-job="${CSS.escape(job.id)}"]`), job);
    sizeGroup(node);
  } else {
    setPhase(node, card.jobs[0]);
    showMedia(node, card.jobs[0], { many: false });
  }
  node.setAttribute("aria-label", card.jobs.map((job) => `${job.alt}. ${job.headline}`).join(" "));
  fillCaption(node, app);
}

export const selectedJob = (node) => {
  const { card } = node;
  return card.jobs.find((job) => job.id === node.dataset.selected) ?? card.jobs[0];
};

// Selects a job by its position, as the number emoji do.
export function selectJob(node, index, app) {
  const job = node.card.jobs[index];
  if (!job || node.card.jobs.length < 2) return;
  node.dataset.selected = job.id;
  node.querySelector(`[data-job="${CSS.escape(job.id)}"] input`).checked = true;
  fillCaption(node, app);
}

function fillCaption(node, app) {
  const { card } = node;
  const job = selectedJob(node);
  const focused = node.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  node.querySelector(":scope > .caption")?.remove();
  node.append(el("div", { class: "caption" },
    title(card.title),
    job.tone === "failed" && el("p", { class: "verdict" }, job.headline),
    job.tone === "gone" && el("p", { class: "verdict" }, "Deleted"),
    details(job, app, node.text),
    actions(job, card, app)));
  if (focused && !node.contains(document.activeElement)) {
    (node.querySelector(`[data-key="${focused}"]`) ?? node).focus({ preventScroll: true });
  }
}

function setPhase(node, job) {
  node.classList.remove(...[...node.classList].filter((name) => name.startsWith("tone-")));
  node.classList.add(`tone-${job.tone}`);
}

function cell(job, index, node, { card, app, anchored }) {
  const radio = el("input", {
    type: "radio", name: `selected-${card.card}${anchored ? "" : "-note"}`, checked: index === 0, "data-key": `choose-${index}`,
    "aria-label": `Select number ${index + 1}`,
  });
  const choice = el("label", { class: "number", title: "The buttons apply to the selected result" }, radio, String(index + 1));
  radio.addEventListener("change", () => { node.dataset.selected = job.id; fillCaption(node, app); });
  return el("div", { class: "cell", "data-job": job.id, id: anchored ? `job-${job.id}` : null, tabindex: "-1" }, choice);
}

function fillCell(node, job) {
  setPhase(node, job);
  showMedia(node, job, { many: true });
  node.classList.toggle("unfinished", isUnfinished(job));
}

function sizeGroup(node) {
  const widest = Math.max(...[...node.querySelectorAll(".cell")].map((one) => parseInt(one.style.getPropertyValue("--shown"), 10)));
  node.style.setProperty("--cell", `${widest}px`);
}
