// Videos: one plays at a time, while it is looked at, or for as long as somebody has pressed play.

import { calm } from "./dom.js";

let current = null;

const seen = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) if (!isIntersecting) target.pause();
});

const preview = (video) => {
  if (calm() || !video.paused) return;
  video.dataset.preview = "yes";
  // A browser may refuse to play before the page was touched; the controls are there.
  video.play().catch(() => delete video.dataset.preview);
};

const rest = (video) => {
  if (video.dataset.preview) video.pause();
};

export function watch(video, frame) {
  video.addEventListener("play", () => {
    if (current !== video) current?.pause();
    current = video;
  });
  video.addEventListener("pause", () => delete video.dataset.preview);
  // A press says that it is meant: it goes on when the pointer leaves.
  video.addEventListener("pointerdown", () => delete video.dataset.preview);
  frame.addEventListener("pointerenter", (event) => event.pointerType === "mouse" && preview(video));
  frame.addEventListener("pointerleave", () => rest(video));
  video.addEventListener("focus", () => video.matches(":focus-visible") && preview(video));
  video.addEventListener("blur", () => rest(video));
  seen.observe(video);
}

export const hush = () => current?.pause();
