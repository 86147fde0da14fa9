// The frame around a job: the plate on which it develops, then its picture or video.

import { el } from "./dom.js";
import { mediaNode } from "./media.js";
import { developing, forget, setProgress } from "./progress.js";

const WIDEST = { one: 560, many: 300 };
const TALLEST = { one: 440, many: 300 };
const TALL = 0.8;

export const unfinished = (job) => job.tone === "waiting" || job.tone === "running";

// Keeps what is there where nothing has changed: a video plays on while its card's words change.
export function setFrame(node, job, { many }) {
  const old = node.querySelector(".frame");
  const look = job.media ? `media ${fileOf(job.media.src)}` : `plate ${unfinished(job)} ${many && job.headline}`;
  if (!unfinished(job)) forget(job.id);
  if (old?.dataset.look === look || (old?.dataset.plate && unfinished(job))) {
    if (!job.media && old.firstElementChild?.matches(".developing")) setProgress(old.firstElementChild, job);
    return;
  }
  old?.remove();
  node.classList.remove("tall");
  const content = contentOf(job, many);
  if (!content) return;
  const [width, height] = sizeOf(job);
  const room = many ? "many" : "one";
  const shown = Math.round(Math.min(WIDEST[room], (TALLEST[room] * width) / height));
  node.classList.toggle("tall", !many && width / height < TALL);
  node.style.setProperty("--shown", `${shown}px`);
  const style = { "max-inline-size": `${shown}px`, "aspect-ratio": `${width} / ${height}` };
  node.prepend(el("div", { class: "frame", "data-look": look, "data-plate": unfinished(job) || null, style }, content));
}

function contentOf(job, many) {
  if (job.media) return mediaNode(job);
  if (unfinished(job)) return developing(job);
  // In a grid every place keeps its frame, so that the others stay where they are.
  return many && el("p", { class: "empty" }, job.tone === "gone" ? "Deleted" : job.headline);
}

export const sizeOf = (job) => (job.media ? [job.media.width, job.media.height] : shape(job));

// The token in an address changes with every message; the file in it does not.
const fileOf = (src) => src.slice(0, src.indexOf("."));

function shape(job) {
  const ratio = job.facts.find(([name]) => name === "Aspect ratio")?.[1] ?? "16:9";
  const [width, height] = ratio.split(":").map(Number);
  return width > 0 && height > 0 ? [width, height] : [16, 9];
}
