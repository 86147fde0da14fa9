// A picture or video in full size, with what can be done with it. Esc closes; the arrows go through the conversation.

import { actions } from "./actions.js";
import { byId, el, shortId } from "./dom.js";
import { copyCommand } from "./job_caption.js";

const ACTIONS = ["variation", "animate", "extend", "reframe"];

const box = byId("lightbox");
let opener = null;
let shown = null;
let app = null;

// `node` is the picture or video on a card.
export function enlarge(node, theApp) {
  opener = document.activeElement;
  app = theApp;
  show(node);
  if (!box.open) box.showModal();
}

const everything = () => [...document.querySelectorAll("#messages .shown")];

function show(node) {
  // The button that went on keeps the focus, unless there is nothing further.
  const focused = box.contains(document.activeElement) ? document.activeElement.className : null;
  shown = node;
  const all = everything();
  const at = all.indexOf(node);
  const { large, text } = node.matches(".video") ? video(node) : picture(node);
  box.replaceChildren(
    el("figure", {}, large, el("figcaption", {}, el("span", {}, text), tools(node))),
    el("p", { class: "position", "aria-live": "polite" }, `${at + 1} of ${all.length}`),
    arrow("before", "Previous", "‹", all[at - 1]),
    arrow("after", "Next", "›", all[at + 1]),
    el("button", { type: "button", class: "close", "aria-label": "Close", on: { click: () => box.close() } }, "×"),
  );
  const same = focused && box.querySelector(`[class="${focused}"]:not([disabled])`);
  if (focused !== null) (same || box.querySelector(".close")).focus();
}

const arrow = (name, label, sign, next) => el("button", {
  type: "button", class: `step ${name}`, "aria-label": label, disabled: !next, on: { click: () => show(next) },
}, sign);

// What can be done with the result; a file that somebody sent has no job.
function tools(node) {
  const { job, card } = resultOf(node);
  const { src } = node.querySelector("img, video");
  const link = (href, words, more = {}) => el("a", { href, ...more }, words);
  return el("div", { class: "tools" },
    job && actions({ ...job, actions: job.actions.filter((one) => ACTIONS.includes(one)) }, withoutWaiting(card), closing()),
    el("div", { class: "links" },
      link(`${src}?download`, "Download", { download: "" }),
      job && copyCommand(job, app),
      job?.parent && link(`#job-${job.parent}`, `from #${shortId(job.parent)}`, {
        on: { click: (event) => { event.preventDefault(); box.close(); app.reveal(job.parent); } },
      }),
      link(`${src}/view`, "Open in a new tab", { target: "_blank", rel: "noopener" })));
}

// Nothing is cancelled from here.
const withoutWaiting = (card) => ({ ...card, jobs: card.jobs.filter((one) => !one.cancellable) });

function resultOf(node) {
  const { card } = node.closest("section.job") ?? {};
  const id = node.closest("[data-job]")?.dataset.job;
  return { card, job: card?.jobs.find((one) => one.id === id) ?? card?.jobs[0] };
}

// The app, which shows the conversation again before it starts something there.
const closing = () => Object.create(app, {
  runAction: { value: (...what) => { box.close(); return app.runAction(...what); } },
});

function picture(node) {
  const small = node.querySelector("img");
  const { src, alt } = small;
  return { large: el("img", { src, alt, ...sizeOf(small) }), text: alt };
}

// The size of the file: on the card it is shown smaller.
const sizeOf = (node) => ({ width: node.getAttribute("width"), height: node.getAttribute("height") });

function video(node) {
  const small = node.querySelector("video");
  const { src, poster } = small;
  const text = resultOf(node).job?.alt ?? "";
  const large = el("video", {
    src, poster, ...sizeOf(small), playsinline: true, loop: true, controls: true, "aria-label": text,
  });
  large.muted = small.muted;
  large.currentTime = small.currentTime;
  large.play().catch(() => {});
  return { large, text };
}

box.addEventListener("click", (event) => {
  if (event.target === box || event.target.tagName === "FIGURE") box.close();
});

box.addEventListener("close", () => {
  box.replaceChildren();
  // The browser returns the focus to the opener; if the arrow keys went on, the focus follows. The event comes
  // late, so the focus stays where a person has moved it meanwhile.
  const now = shown.matches(".video") ? shown.querySelector(".enlarge") : shown;
  if (document.activeElement === opener && now?.isConnected) now.focus();
});

box.addEventListener("keydown", (event) => {
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (step === undefined || event.target.tagName === "VIDEO" || event.target.closest("[popover]")) return;
  const all = everything();
  const next = all[all.indexOf(shown) + step];
  if (next) show(next);
});
