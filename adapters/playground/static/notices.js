// Tells people what happened: for screen readers, in a toast, or in the banner above the field.

import { byId, el } from "./dom.js";

const ANNOUNCED_FOR = 8000;
const TOAST_FOR = 6000;

let clearing = 0;

// Announces a text to screen readers.
export function announce(text) {
  const region = byId("announcements");
  region.textContent = text;
  clearTimeout(clearing);
  clearing = setTimeout(() => { region.textContent = ""; }, ANNOUNCED_FOR);
}

// Shows a short reply for a few seconds.
export function toast({ title, text }) {
  const node = el("li", { class: "toast" }, el("b", {}, title), text && el("span", {}, text));
  const close = () => node.remove();
  node.addEventListener("click", close);
  byId("toasts").append(node);
  setTimeout(close, TOAST_FOR);
}

// Shows a problem until it is solved; an empty text hides the banner.
export function showBanner(text) {
  const banner = byId("banner");
  banner.textContent = text;
  banner.hidden = !text;
}

// Copies a text and announces it. Throws where the browser refuses.
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // The clipboard API needs TLS; without it the older command still works.
    const field = el("textarea", { class: "visually-hidden" });
    field.value = text;
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
  }
  announce(`Copied: ${text}`);
}
