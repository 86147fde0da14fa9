// Keeps the place where a person reads: over new messages, another conversation and a reload.

import { currentChannel, me } from "./api.js";
import { byId, reducedMotion } from "./dom.js";

// Within so many pixels of the end the page follows new messages.
const NEAR_END = 160;

const view = byId("conversation");
const newer = byId("newer");
const key = () => `reverie.place.${me()}.${currentChannel()}`;

export const atEnd = () => view.scrollHeight - view.scrollTop - view.clientHeight < NEAR_END;

let following = true;

export function scrollToEnd({ smooth = false } = {}) {
  view.scrollTo({ top: view.scrollHeight, behavior: smooth && !reducedMotion() ? "smooth" : "auto" });
}

// Shows the conversation where it was left, else at its end.
export function restore({ empty }) {
  newer.hidden = true;
  const { message, offset } = JSON.parse(sessionStorage.getItem(key()) ?? "{}");
  const node = message && view.querySelector(`[data-key="${CSS.escape(message)}"]`);
  if (node) place(node, offset);
  else view.scrollTop = empty ? 0 : view.scrollHeight;
  following = atEnd();
}

// Older messages have their height once they come into view, which takes a frame each time.
function place(node, offset, frames = 3) {
  view.scrollTop += node.getBoundingClientRect().top - view.getBoundingClientRect().top - offset;
  if (frames > 0) requestAnimationFrame(() => place(node, offset, frames - 1));
}

// The first visible message and its distance from the upper edge; nothing at the end, which is followed.
function remember() {
  following = atEnd();
  if (following) {
    newer.hidden = true;
    return sessionStorage.removeItem(key());
  }
  const top = view.getBoundingClientRect().top;
  const node = [...view.querySelectorAll(".messages > li")].find((one) => one.getBoundingClientRect().bottom > top);
  if (node) sessionStorage.setItem(key(), JSON.stringify({ message: node.dataset.key, offset: node.getBoundingClientRect().top - top }));
}

view.addEventListener("scroll", remember);
newer.addEventListener("click", () => scrollToEnd({ smooth: true }));
// What opens above the field makes the conversation lower; its end stays in view.
new ResizeObserver(() => { if (following) scrollToEnd(); }).observe(view);
