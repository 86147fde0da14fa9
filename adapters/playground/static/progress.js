// Moves the progress bars of running jobs by the server's clock, between two revisions of their cards.

import { el, fileOf, reducedMotion } from "./dom.js";

const INTERVAL = 500;
// From here on a bar slows down, so that it neither stops nor is full before the result is there.
const LINEAR_UNTIL = 0.8;
const SLOW_RANGE = 0.19;
const A_FEW_SECONDS = 10_000;
let clockOffset = 0;
// The position of each job's bar. After a longer estimate it waits there instead of jumping back.
const reached = new Map();

export function setClock(now) {
  clockOffset = now - Date.now();
}

export function progressNode(job) {
  const node = el("div", { class: "progress" },
    el("p", { class: "headline" }),
    el("div", { class: "bar", role: "progressbar", "aria-label": `Progress: ${job.alt}`, "aria-valuemin": "0", "aria-valuemax": "100" },
      el("span")));
  setProgress(node, job);
  return node;
}

export function setProgress(node, job) {
  node.dataset.job = job.id;
  node.dataset.since = job.running_since ?? "";
  node.dataset.expected = job.expected_ms;
  node.dataset.ready = job.ready_at ?? "";
  node.dataset.headline = job.headline;
  // Cards of earlier versions have the reason in their headline.
  node.dataset.reason = job.delay_reason ?? "";
  showPreview(node, job.preview);
  moveBar(node);
}

// The provider's film of the unfinished video. It stays until a newer one has loaded.
function showPreview(node, preview) {
  if (!preview || node.dataset.preview === fileOf(preview.src)) return;
  node.dataset.preview = fileOf(preview.src);
  const video = el("video", {
    class: "preview", src: preview.src, poster: preview.still, playsinline: true, loop: true, "aria-hidden": "true", tabindex: "-1",
  });
  // The attribute alone does not mute an element that a script creates.
  video.muted = true;
  video.autoplay = !reducedMotion();
  const old = node.querySelector(".preview");
  video.addEventListener("loadeddata", () => old?.remove(), { once: true });
  video.addEventListener("error", () => video.remove(), { once: true });
  if (old) old.after(video);
  else node.prepend(video);
}

const slowed = (part) => (part <= LINEAR_UNTIL ? part : LINEAR_UNTIL + SLOW_RANGE * (1 - Math.exp(-(part - LINEAR_UNTIL) / SLOW_RANGE)));

// Moves the bar, and counts down in the one line above it.
function moveBar(node) {
  const now = Date.now() + clockOffset;
  const since = Number(node.dataset.since);
  const expected = Number(node.dataset.expected);
  const bar = node.querySelector(".bar");
  const known = since > 0 && expected > 0;
  node.classList.toggle("waiting", !since);
  node.classList.toggle("unmeasured", since > 0 && !known);
  const { headline, ready, reason } = node.dataset;
  const line = `${headline}${ready ? ` · ${remaining(Number(ready) - now)}` : ""}${reason ? ` – ${reason}` : ""}`;
  const status = node.querySelector(".headline");
  if (status.textContent !== line) status.textContent = line;
  if (!known) {
    bar.removeAttribute("aria-valuenow");
    bar.firstElementChild.style.removeProperty("inline-size");
    return;
  }
  const part = Math.max(reached.get(node.dataset.job) ?? 0.02, slowed(Math.max(0, now - since) / expected));
  reached.set(node.dataset.job, part);
  bar.firstElementChild.style.setProperty("inline-size", `${(part * 100).toFixed(1)}%`);
  // A screen reader may read every change of the value: ten are enough.
  bar.setAttribute("aria-valuenow", String(Math.floor(part * 10) * 10));
}

function remaining(milliseconds) {
  if (milliseconds < 1000) return "any moment now";
  if (milliseconds < A_FEW_SECONDS) return "a few seconds left";
  const seconds = Math.ceil(milliseconds / 5000) * 5;
  return seconds <= 90 ? `about ${seconds} s left` : `about ${Math.ceil(seconds / 60)} min left`;
}

export const forgetProgress = (job) => reached.delete(job);

setInterval(() => document.querySelectorAll(".progress").forEach(moveBar), INTERVAL);
