// A result as it is seen on a card: a picture that can be enlarged, or a video that plays where it stands.

import { el } from "./dom.js";
import { enlarge } from "./lightbox.js";
import { watch } from "./playing.js";

const GONE = "This cannot be shown right now; reload to try again";

export const mediaNode = (job) => (job.media.kind === "video" ? videoNode(job) : pictureNode(job));

function pictureNode(job) {
  const { src, width, height } = job.media;
  const image = el("img", { src, alt: job.alt, width, height, decoding: "async" });
  const button = el("button", {
    type: "button", class: "shown picture", "aria-label": `Enlarge: ${job.alt}`, "data-key": `picture-${job.id}`,
  }, image);
  button.addEventListener("click", () => enlarge(button));
  image.addEventListener("load", () => button.classList.add("there"));
  image.addEventListener("error", () => button.replaceChildren(el("span", { class: "missing" }, GONE)));
  return button;
}

function videoNode(job) {
  const { src, still, width, height } = job.media;
  const video = el("video", {
    src, poster: still, width, height, playsinline: true, loop: true, controls: true, preload: "none",
    "aria-label": `Video: ${job.alt}`, "data-key": `video-${job.id}`, tabindex: "0",
  });
  // The attribute alone does not silence an element that a script makes.
  video.muted = true;
  const button = el("button", {
    type: "button", class: "enlarge", "aria-label": `Enlarge: ${job.alt}`, title: "Enlarge", "data-key": `picture-${job.id}`,
  }, "⤢");
  const node = el("div", { class: "shown video" }, video, length(job.media), button);
  button.addEventListener("click", () => enlarge(node));
  video.addEventListener("playing", () => node.classList.add("played"));
  video.addEventListener("error", () => node.replaceChildren(el("span", { class: "missing" }, GONE)));
  watch(video, node);
  return node;
}

const length = ({ duration_ms: milliseconds }) => el("span", { class: "length" },
  el("span", { "aria-hidden": "true" }, "▶ "), seconds(milliseconds));

export const seconds = (milliseconds) => `${Math.round(milliseconds / 100) / 10} s`;
