// The jobs of a card: one with its caption, or several in a grid over one caption for the selected job.

import { actions } from "./actions.js";
import { el } from "./dom.js";
import { details, title } from "./job_caption.js";
import { isTall, isUnfinished, showMedia, shownWidth, sizeOf } from "./job_media.js";

// An `anchored` node has the id of its job; a conversation has one such node for each job.
export function jobsNode(card, app, { anchored }) {
  const many = card.jobs.length > 1;
  const node = el("section", { class: many ? "job group" : "job", tabindex: "-1", id: anchored && !many ? `job-${card.jobs[0].id}` : null });
  if (many) {
    node.dataset.selected = card.jobs[0].id;
    const cells = el("div", { class: "cells", role: "radiogroup", "aria-label": "Selected result" },
      card.jobs.map((job, index) => cell(job, index, node, { card, app, anchored })));
    cells.addEventListener("keydown", (event) => moveSelection(event, node, app));
    node.pick = (index) => selectJob(node, index, app);
    node.append(cells);
  }
  fillJobs(node, card, app);
  return node;
}

export function fillJobs(node, card, app) {
  node.card = card;
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

// Selects a job by its position, as the number keys and the number emoji do.
export function selectJob(node, index, app) {
  const job = node.card.jobs[index];
  if (!job || node.card.jobs.length < 2) return;
  node.dataset.selected = job.id;
  node.querySelector(`[data-job="${CSS.escape(job.id)}"] input`).checked = true;
  fillCaption(node, app);
}

// The arrows move through the grid as it is seen; the focus stays on the same kind of control.
function moveSelection(event, node, app) {
  const cells = [...node.querySelectorAll(".cell")];
  const across = cells.filter((one) => one.offsetTop === cells[0].offsetTop).length;
  const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -across, ArrowDown: across }[event.key];
  if (step === undefined || event.target.tagName === "VIDEO") return;
  event.preventDefault();
  const to = cells.indexOf(event.target.closest(".cell")) + step;
  if (!cells[to]) return;
  selectJob(node, to, app);
  const control = event.target.matches(".picture") ? cells[to].querySelector(".picture") : null;
  (control ?? cells[to].querySelector("input")).focus();
}

// A number key picks in the card that has the focus, else in the last one that is seen.
document.addEventListener("keydown", (event) => {
  const index = "1234".indexOf(event.key);
  const writing = event.target.closest("input:not([type=radio]), textarea, select, [popover], dialog");
  if (index < 0 || event.key.length !== 1 || writing || event.ctrlKey || event.metaKey || event.altKey) return;
  const seen = [...document.querySelectorAll(".job.group")].filter((one) => {
    const { top, bottom } = one.getBoundingClientRect();
    return bottom > 0 && top < innerHeight;
  });
  const node = event.target.closest(".job.group") ?? seen.at(-1);
  node?.pick(index);
});

function fillCaption(node, app) {
  const { card } = node;
  const job = selectedJob(node);
  const focused = node.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  node.querySelector(":scope > .caption")?.remove();
  node.append(el("div", { class: "caption" },
    title(card.title),
    job.tone === "failed" && el("p", { class: "verdict" }, job.headline),
    job.tone === "gone" && el("p", { class: "verdict" }, "Deleted"),
    details(job, app),
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
  const frame = el("div", { class: "cell", "data-job": job.id, id: anchored ? `job-${job.id}` : null, tabindex: "-1" }, choice);
  frame.addEventListener("pick", (event) => {
    if (node.dataset.selected === job.id) return;
    event.preventDefault();
    selectJob(node, index, app);
  });
  return frame;
}

function fillCell(node, job) {
  setPhase(node, job);
  showMedia(node, job, { many: true });
  node.classList.toggle("unfinished", isUnfinished(job));
}

function sizeGroup(node) {
  const sizes = node.card.jobs.map(sizeOf);
  const [width, height] = sizes.reduce((widest, one) => (one[0] / one[1] > widest[0] / widest[1] ? one : widest));
  node.style.setProperty("--cell", shownWidth(width, height));
  node.classList.toggle("tall", node.card.jobs.every(isTall));
}
