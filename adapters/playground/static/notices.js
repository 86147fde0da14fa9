// Tells people what happened: for screen readers, in a toast, in the banner above the field, and while nobody looks at
// the page in its title and by the system.

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

// Shows a short reply for a few seconds; one that says the same again takes the place of the one before.
export function toast({ title, text }) {
  const node = el("p", { class: "toast" }, el("b", {}, title), text && el("span", {}, text));
  [...byId("toasts").children].find((other) => other.textContent === node.textContent)?.remove();
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

const WANTED = "reverie.system-notices";
const TITLE = "Reverie";

export const hasSystemNotices = "Notification" in window && isSecureContext;

export const systemNoticesWanted = () =>
  hasSystemNotices && Notification.permission === "granted" && localStorage.getItem(WANTED) !== null;

// Turns system notices on or off in this browser; returns whether they are on, which the browser may refuse.
export async function wantSystemNotices(on) {
  localStorage.removeItem(WANTED);
  if (on && (await Notification.requestPermission()) === "granted") localStorage.setItem(WANTED, "yes");
  return systemNoticesWanted();
}

// Jobs that have ended since somebody looked at the page.
let ended = 0;

// Tells a hidden page that a job has ended; `key` names the job, so that two tabs show one notice.
export function tellEnded(text, body, key) {
  if (!document.hidden) return;
  ended += 1;
  document.title = `${ended > 1 ? `(${ended}) ` : ""}${text} · ${TITLE}`;
  if (!systemNoticesWanted()) return;
  const notice = new Notification(text, { body, tag: key, icon: "/playground/static/mark.svg" });
  notice.onclick = () => { window.focus(); notice.close(); };
}

export function pageSeen() {
  ended = 0;
  document.title = TITLE;
}
