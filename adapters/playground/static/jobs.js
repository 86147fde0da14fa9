// One job on a card: its picture or the plate on which it develops, its facts, and what can be done with it.

import { announce, copy, el } from "./dom.js";
import { enlarge } from "./lightbox.js";
import { openMenu } from "./menu.js";
import { developing, setProgress } from "./progress.js";

const WIDEST = { one: 560, many: 290 };
const TALLEST = { one: 440, many: 290 };
const REALLY = 4000;

const unfinished = (job) => job.tone === "waiting" || job.tone === "running";

export function jobNode(job, card, desk, { anchored }) {
  const node = el("section", { id: anchored ? `job-${job.id}` : null, tabindex: "-1", "data-job": job.id });
  fillJob(node, job, card, desk);
  return node;
}

export function fillJob(node, job, card, desk) {
  node.classList.remove(...[...node.classList].filter((name) => name.startsWith("tone-")));
  node.classList.add("job", `tone-${job.tone}`);
  node.setAttribute("aria-label", `${job.alt}. ${job.headline}`);
  const focused = node.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  setFrame(node, job, card);
  node.querySelector(".label")?.remove();
  node.append(label(job, card, desk));
  if (focused) (node.querySelector(`[data-key="${focused}"]`) ?? node).focus({ preventScroll: true });
}

function setFrame(node, job, card) {
  const old = node.querySelector(".frame");
  const look = job.picture ? `picture ${fileOf(job.picture.src)}` : `plate ${unfinished(job)}`;
  if (old?.dataset.look === look) {
    if (!job.picture && old.firstElementChild) setProgress(old.firstElementChild, job);
    return;
  }
  old?.remove();
  node.classList.remove("tall");
  node.style.removeProperty("--shown");
  const content = job.picture ? pictureButton(job) : unfinished(job) && developing(job);
  if (!content) return;
  const [width, height] = job.picture ? [job.picture.width, job.picture.height] : shape(job);
  const many = card.jobs.length > 1 ? "many" : "one";
  const shown = Math.round(Math.min(WIDEST[many], (TALLEST[many] * width) / height));
  node.classList.toggle("tall", many === "one" && width / height < 0.8);
  node.style.setProperty("--shown", `${shown}px`);
  const style = { "max-inline-size": `${shown}px`, "aspect-ratio": `${width} / ${height}` };
  node.prepend(el("div", { class: "frame", "data-look": look, style }, content));
}

// The token in a picture's address changes with every message; the file in it does not.
const fileOf = (src) => src.slice(0, src.indexOf("."));

function shape(job) {
  const ratio = job.facts.find(([name]) => name === "Aspect ratio")?.[1] ?? "16:9";
  const [width, height] = ratio.split(":").map(Number);
  return width > 0 && height > 0 ? [width, height] : [16, 9];
}

function pictureButton(job) {
  const { src, width, height } = job.picture;
  const image = el("img", { src, alt: job.alt, width, height, decoding: "async" });
  const button = el("button", {
    type: "button", class: "picture", "aria-label": `Enlarge: ${job.alt}`, "data-key": "picture",
  }, image);
  button.addEventListener("click", () => enlarge(button));
  image.addEventListener("load", () => button.classList.add("there"));
  image.addEventListener("error", () => button.replaceChildren(
    el("span", { class: "missing" }, "This picture cannot be shown right now; reload to try again")));
  return button;
}

function label(job, card, desk) {
  const facts = job.tone === "gone" ? [] : job.facts;
  return el("div", { class: "label" },
    card.jobs.length === 1 && title(card.title),
    job.tone === "failed" && el("p", { class: "verdict" }, job.headline),
    job.tone === "gone" && el("p", { class: "verdict" }, "Deleted"),
    el("div", { class: "meta" },
      facts.length > 0 && el("dl", { class: "facts" },
        facts.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value)))),
      origin(job, desk)),
    buttons(job, card, desk));
}

function origin(job, desk) {
  return el("div", { class: "origin" },
    el("button", {
      type: "button", class: "id", "data-key": "id", title: `Copy the id ${job.id}`, "aria-label": `Copy the id ${job.id}`,
      on: { click: () => copy(job.id).then(() => announce("The id is copied"), () => {}) },
    }, `#${short(job.id)}`),
    job.parent && el("a", {
      href: `#job-${job.parent}`, class: "parent", "data-key": "parent",
      on: { click: (event) => { event.preventDefault(); desk.reveal(job.parent); } },
    }, el("span", { "aria-hidden": "true" }, "↖ "), `from #${short(job.parent)}`),
    job.stars > 0 && el("span", { class: "stars" }, `★ ${job.stars}`, el("span", { class: "unseen" }, " in the gallery")));
}

// The time stands first in an id, so that its end is what tells two apart.
const short = (id) => id.slice(-6);

export function title(text) {
  const node = el("p", { class: "title" }, text);
  if (text.length < 240) return node;
  node.classList.add("clamped");
  const more = el("button", { type: "button", class: "more", "aria-expanded": "false" }, "Show all");
  more.addEventListener("click", () => {
    const open = !node.classList.toggle("clamped");
    more.textContent = open ? "Show less" : "Show all";
    more.setAttribute("aria-expanded", String(open));
  });
  return el("div", {}, node, more);
}

function buttons(job, card, desk) {
  const mine = desk.mayManage(card);
  const shown = job.actions.filter((action) => action !== "delete" || mine);
  const all = shown.map((action) => actionButton(action, job, desk));
  if (job.cancellable && mine) {
    const cancel = el("button", { type: "button", class: "quiet", "data-key": "cancel" }, "Cancel");
    cancel.addEventListener("click", () => busy(cancel, desk.run(`/cancel ${job.id}`)));
    all.push(cancel);
  }
  return all.length > 0 && el("div", { class: "actions", role: "group", "aria-label": "What to do with it" }, all);
}

function actionButton(action, job, desk) {
  const { emoji, label: name } = desk.actions[action] ?? { emoji: "", label: action };
  const button = el("button", { type: "button", "data-key": action, class: `do-${action}` },
    el("span", { class: "emoji", "aria-hidden": "true" }, emoji), el("span", { class: "name" }, name));
  button.addEventListener("click", () => {
    if (action === "reframe") chooseFrame(button, job, desk);
    else if (action !== "delete" || sure(button, name)) busy(button, desk.act(action, job.id));
  });
  if (action === "reframe") button.setAttribute("aria-haspopup", "menu");
  return button;
}

// A picture that was paid for does not go by a slip of the finger.
function sure(button, name) {
  if (button.classList.contains("asking")) return true;
  const text = button.querySelector(".name");
  button.classList.add("asking");
  text.textContent = "Really delete?";
  announce("Press again to delete");
  setTimeout(() => { button.classList.remove("asking"); text.textContent = name; }, REALLY);
  return false;
}

async function busy(button, answer) {
  button.setAttribute("aria-busy", "true");
  button.disabled = true;
  await answer;
  button.removeAttribute("aria-busy");
  button.disabled = false;
}

function chooseFrame(button, job, desk) {
  const [width, height] = job.picture ? [job.picture.width, job.picture.height] : shape(job);
  openMenu(button, "New frame", desk.ratios.map((ratio) => ({
    label: `Reframe to ${ratio.value}`,
    content: [
      el("span", { class: "shape", "aria-hidden": "true" },
        el("span", { style: { "inline-size": `${scaled(ratio.width)}px`, "block-size": `${scaled(ratio.height)}px` } })),
      el("span", {}, ratio.value),
      el("span", { class: "size" }, Math.abs(ratio.width / ratio.height - width / height) < 0.02 ? "as it is" : `${ratio.width} × ${ratio.height}`),
    ],
    pick: () => busy(button, desk.act("reframe", job.id, ratio.value)),
  })));
}

const scaled = (pixels) => Math.round(pixels / 80);
