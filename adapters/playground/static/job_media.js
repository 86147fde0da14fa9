// The frame of a job: its progress while it runs, then its picture or video. One video plays at a time.

import { el, fileOf, reducedMotion } from "./dom.js";
import { forgetProgress, progressNode, setProgress } from "./progress.js";

const TALL_BELOW = 0.8;

export const isUnfinished = (job) => job.tone === "waiting" || job.tone === "running";

// Keeps the frame where nothing changed, so that a video plays on while its card changes.
export function showMedia(node, job, { many }) {
  const old = node.querySelector(".frame");
  const look = job.media ? `media ${fileOf(job.media.src)}` : `progress ${isUnfinished(job)} ${many && job.headline}`;
  if (!isUnfinished(job)) forgetProgress(job.id);
  if (old?.dataset.look === look || (old?.dataset.progress && isUnfinished(job))) {
    if (!job.media && old.firstElementChild?.matches(".progress")) setProgress(old.firstElementChild, job);
    return;
  }
  old?.remove();
  node.classList.remove("tall");
  const content = contentOf(job, many);
  if (!content) return;
  const [width, height] = sizeOf(job);
  node.classList.toggle("tall", !many && isTall(job));
  node.style.setProperty("--shown", shownWidth(width, height));
  const style = { "max-inline-size": shownWidth(width, height), "aspect-ratio": `${width} / ${height}` };
  node.prepend(el("div", { class: "frame", "data-look": look, "data-progress": isUnfinished(job) || null, style }, content));
}

function contentOf(job, many) {
  if (job.media) return mediaNode(job);
  if (isUnfinished(job)) return progressNode(job);
  // In a grid every job keeps its frame, so that the others do not move.
  return many && el("p", { class: "empty" }, job.tone === "gone" ? "Deleted" : job.headline);
}

// The width of a frame. The style sheet sets the most for one result and for each of several.
export const shownWidth = (width, height) => `min(var(--widest), var(--highest) * ${(width / height).toFixed(4)})`;

export const isTall = (job) => {
  const [width, height] = sizeOf(job);
  return width / height < TALL_BELOW;
};

// Cards of earlier versions do not say the requested shape.
export const sizeOf = (job) => (job.media ? [job.media.width, job.media.height] : job.shape ?? [16, 9]);

const MISSING = "This could not be loaded. Reload the page to try again.";

// The large view offers what the whole page can do, so the page opens it.
function enlarge(node) {
  playing?.pause();
  node.dispatchEvent(new CustomEvent("enlarge", { bubbles: true }));
}

// Jobs whose spoiler somebody has opened; a card that changes must not hide them again.
const opened = new Set();

function mediaNode(job) {
  if (job.spoiler && !opened.has(job.id)) return spoilerNode(job);
  return job.media.kind === "video" ? videoNode(job) : pictureNode(job);
}

function spoilerNode(job) {
  const button = el("button", { type: "button", class: "shown spoiler", "data-key": `spoiler-${job.id}` }, "Hidden. Show it");
  button.addEventListener("click", () => {
    opened.add(job.id);
    button.replaceWith(mediaNode(job));
  });
  return button;
}

function pictureNode(job) {
  const { src, width, height } = job.media;
  const image = el("img", { src, alt: job.alt, width, height, decoding: "async" });
  const button = el("button", {
    type: "button", class: "shown picture", "aria-label": `Enlarge: ${job.alt}`, "data-key": `picture-${job.id}`,
  }, image);
  // In a grid the first click picks a picture, and a click on the picked one enlarges it.
  button.addEventListener("click", () => {
    if (button.dispatchEvent(new CustomEvent("pick", { bubbles: true, cancelable: true }))) enlarge(button);
  });
  image.addEventListener("load", () => button.classList.add("there"));
  image.addEventListener("error", () => button.replaceChildren(el("span", { class: "missing" }, MISSING)));
  return button;
}

function videoNode(job) {
  const { src, still, width, height } = job.media;
  const video = el("video", {
    src, poster: still, width, height, playsinline: true, loop: true, controls: true, preload: "none",
    "aria-label": `Video: ${job.alt}`, "data-key": `video-${job.id}`, tabindex: "0",
  });
  // The attribute alone does not mute an element that a script creates.
  video.muted = true;
  const button = el("button", {
    type: "button", class: "enlarge", "aria-label": `Enlarge: ${job.alt}`, title: "Enlarge", "data-key": `picture-${job.id}`,
  }, "⤢");
  const node = el("div", { class: "shown video" }, video, length(job.media), button);
  button.addEventListener("click", () => enlarge(node));
  video.addEventListener("playing", () => node.classList.add("played"));
  video.addEventListener("error", () => node.replaceChildren(el("span", { class: "missing" }, MISSING)));
  managePlayback(video, node);
  return node;
}

const length = ({ duration_ms: milliseconds }) => el("span", { class: "length" },
  el("span", { "aria-hidden": "true" }, "▶ "), seconds(milliseconds));

export const seconds = (milliseconds) => `${Math.round(milliseconds / 100) / 10} s`;

let playing = null;

const visibility = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) if (!isIntersecting) target.pause();
});

const preview = (video) => {
  if (reducedMotion() || !video.paused) return;
  video.dataset.preview = "yes";
  // A browser may refuse to play before the first click; the controls still work.
  video.play().catch(() => delete video.dataset.preview);
};

const endPreview = (video) => {
  if (video.dataset.preview) video.pause();
};

function managePlayback(video, frame) {
  video.addEventListener("play", () => {
    if (playing !== video) playing?.pause();
    playing = video;
  });
  video.addEventListener("pause", () => delete video.dataset.preview);
  // A click starts it deliberately: it plays on when the pointer leaves.
  video.addEventListener("pointerdown", () => delete video.dataset.preview);
  frame.addEventListener("pointerenter", (event) => event.pointerType === "mouse" && preview(video));
  frame.addEventListener("pointerleave", () => endPreview(video));
  video.addEventListener("focus", () => video.matches(":focus-visible") && preview(video));
  video.addEventListener("blur", () => endPreview(video));
  visibility.observe(video);
}
