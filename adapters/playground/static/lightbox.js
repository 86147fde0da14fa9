// A picture in full size. Esc closes, arrows walk through the room's pictures.

import { byId, el } from "./dom.js";

const box = byId("lightbox");
let opener = null;
let shown = null;

export function enlarge(button) {
  opener = button;
  show(button);
  if (!box.open) box.showModal();
}

function show(button) {
  shown = button;
  const picture = button.querySelector("img");
  box.replaceChildren(
    el("figure", {},
      el("img", { src: picture.src, alt: picture.alt, width: picture.getAttribute("width"), height: picture.getAttribute("height") }),
      el("figcaption", {},
        el("span", {}, picture.alt),
        el("a", { href: picture.src, target: "_blank", rel: "noopener" }, "Open the file"))),
    el("button", { type: "button", class: "close", "aria-label": "Close", on: { click: () => box.close() } }, "×"),
  );
}

box.addEventListener("click", (event) => {
  if (event.target === box || event.target.tagName === "FIGURE") box.close();
});

box.addEventListener("close", () => {
  box.replaceChildren();
  // The browser has given the focus back to the opener; where arrows went further, so does the focus. This
  // comes late: somebody who writes already must not be torn away.
  if (document.activeElement === opener && shown.isConnected) shown.focus();
});

box.addEventListener("keydown", (event) => {
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (step === undefined) return;
  const all = [...document.querySelectorAll("#messages .picture")];
  const next = all[all.indexOf(shown) + step];
  if (next) show(next);
});
