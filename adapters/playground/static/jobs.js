// The jobs of a card: one with its label, or several in a grid over one label, whose buttons act on the chosen one.

import { actions } from "./actions.js";
import { el } from "./dom.js";
import { setFrame, unfinished } from "./frame.js";
import { meta, title } from "./label.js";

// `anchored` jobs can be found by their ids; there is one such node of each in a conversation.
export function jobsNode(card, desk, { anchored, said }) {
  const many = card.jobs.length > 1;
  const node = el("section", { class: many ? "job group" : "job", tabindex: "-1", id: anchored && !many ? `job-${card.jobs[0].id}` : null });
  if (many) {
    node.dataset.chosen = card.jobs[0].id;
    node.append(el("div", { class: "cells", role: "radiogroup", "aria-label": "Which one the buttons are for" },
      card.jobs.map((job, index) => cell(job, index, node, { card, desk, anchored }))));
  }
  fillJobs(node, card, desk, said);
  return node;
}

export function fillJobs(node, card, desk, said) {
  node.card = card;
  node.said = said;
  if (card.jobs.length > 1) {
    for (const job of card.jobs) fillCell(node.querySelector(`[data-job="${CSS.escape(job.id)}"]`), job);
    sizeGroup(node);
  } else {
    tone(node, card.jobs[0]);
    setFrame(node, card.jobs[0], { many: false });
  }
  node.setAttribute("aria-label", card.jobs.map((job) => `${job.alt}. ${job.headline}`).join(" "));
  fillLabel(node, desk);
}

export const chosen = (node) => {
  const { card } = node;
  return card.jobs.find((job) => job.id === node.dataset.chosen) ?? card.jobs[0];
};

// Chooses by place, as the number emoji do.
export function choose(node, index, desk) {
  const job = node.card.jobs[index];
  if (!job || node.card.jobs.length < 2) return;
  node.dataset.chosen = job.id;
  node.querySelector(`[data-job="${CSS.escape(job.id)}"] input`).checked = true;
  fillLabel(node, desk);
}

function fillLabel(node, desk) {
  const { card } = node;
  const job = chosen(node);
  const focused = node.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  node.querySelector(":scope > .label")?.remove();
  node.append(el("div", { class: "label" },
    title(card.title),
    job.tone === "failed" && el("p", { class: "verdict" }, job.headline),
    job.tone === "gone" && el("p", { class: "verdict" }, "Deleted"),
    meta(job, desk, node.said),
    actions(job, card, desk)));
  if (focused && !node.contains(document.activeElement)) {
    (node.querySelector(`[data-key="${focused}"]`) ?? node).focus({ preventScroll: true });
  }
}

function tone(node, job) {
  node.classList.remove(...[...node.classList].filter((name) => name.startsWith("tone-")));
  node.classList.add(`tone-${job.tone}`);
}

function cell(job, index, node, { card, desk, anchored }) {
  const radio = el("input", {
    type: "radio", name: `chosen-${card.card}${anchored ? "" : "-note"}`, checked: index === 0, "data-key": `choose-${index}`,
    "aria-label": `Choose number ${index + 1}`,
  });
  const choice = el("label", { class: "number", title: "The buttons are for this one" }, radio, String(index + 1));
  radio.addEventListener("change", () => { node.dataset.chosen = job.id; fillLabel(node, desk); });
  return el("div", { class: "cell", "data-job": job.id, id: anchored ? `job-${job.id}` : null, tabindex: "-1" }, choice);
}

function fillCell(node, job) {
  tone(node, job);
  setFrame(node, job, { many: true });
  node.classList.toggle("unfinished", unfinished(job));
}

function sizeGroup(node) {
  const widest = Math.max(...[...node.querySelectorAll(".cell")].map((one) => parseInt(one.style.getPropertyValue("--shown"), 10)));
  node.style.setProperty("--cell", `${widest}px`);
}
