// A picture or video in full size. Esc closes; the arrow keys go through the conversation.

import { byId, el } from "./dom.js";

const box = byId("lightbox");
let opener = null;
let shown = null;

// `node` is the picture or video on a card.
export function enlarge(node) {
  opener = document.activeElement;
  show(node);
  if (!box.open) box.showModal();
}

function show(node) {
  shown = node;
  const { large, text, src } = node.matches(".video") ? video(node) : picture(node);
  box.replaceChildren(
    el("figure", {}, large,
      el("figcaption", {}, el("span", {}, text),
        el("a", { href: `${src}/view`, target: "_blank", rel: "noopener" }, "Open in a new tab"),
        el("a", { href: src, download: "" }, "Download"))),
    el("button", { type: "button", class: "close", "aria-label": "Close", on: { click: () => box.close() } }, "×"),
  );
}

function picture(node) {
  const small = node.querySelector("img");
  const { src, alt } = small;
  return { large: el("img", { src, alt, ...sizeOf(small) }), text: alt, src };
}

// The size of the file: on the card it is shown smaller.
const sizeOf = (node) => ({ width: node.getAttribute("width"), height: node.getAttribute("height") });

function video(node) {
  const small = node.querySelector("video");
  const { src, poster } = small;
  const text = small.getAttribute("aria-label").replace("Video: ", "");
  const large = el("video", {
    src, poster, ...sizeOf(small), playsinline: true, loop: true, controls: true, "aria-label": text,
  });
  large.muted = small.muted;
  large.currentTime = small.currentTime;
  large.play().catch(() => {});
  return { large, text, src };
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
  if (step === undefined || event.target.tagName === "VIDEO") return;
  const all = [...document.querySelectorAll("#messages .shown")];
  const next = all[all.indexOf(shown) + step];
  if (next) show(next);
});
