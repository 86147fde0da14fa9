// Creates elements. Text from people becomes text nodes and attributes only, never markup.

export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") for (const [event, listener] of Object.entries(value)) node.addEventListener(event, listener);
    else if (name === "style") for (const [key, one] of Object.entries(value)) node.style.setProperty(key, one);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

// An id starts with the time, so its end tells two apart.
export const shortId = (id) => id.slice(-6);

export const byId = (id) => document.getElementById(id);

// The token in a link to a file changes with every message; the file in it does not.
export const fileOf = (src) => src.slice(0, src.indexOf("."));

export const reducedMotion = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

const TINTS = 7;

// Runs one click at a time. The button is not disabled, because that would take the focus away from it.
export async function busy(button, start) {
  if (button.hasAttribute("aria-busy")) return;
  button.setAttribute("aria-busy", "true");
  try {
    await start();
  } finally {
    button.removeAttribute("aria-busy");
  }
}

export function avatar(name) {
  let sum = 0;
  for (const letter of name) sum = (sum * 31 + letter.codePointAt(0)) % 9973;
  return el("span", { class: `avatar tint-${sum % TINTS}`, "aria-hidden": "true" }, [...name][0]?.toUpperCase() ?? "?");
}

export function clock(at) {
  const date = new Date(at);
  const text = date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  return el("time", { datetime: date.toISOString(), title: date.toLocaleString() }, text);
}

// The file of a reply: a picture is shown, and can be saved like any other file.
// A large file is only on the page that asked for it, until it is closed.
export function replyFile(file) {
  if (!file.address) return el("p", { class: "text" }, `${file.name} is too large to be kept here. Give the command again to get a new one.`);
  if (!file.picture) return el("a", { class: "file", href: file.address, download: file.name }, `Save ${file.name}`);
  return el("a", { class: "reply-picture", href: file.address, download: file.name, title: "Save the picture" },
    el("img", { src: file.address, alt: file.alt }));
}

// Writes each moment in a text of the bot, ⟦milliseconds⟧, in the time zone of this browser.
export const withMoments = (text) => text.replace(/⟦(\d{12,15})⟧/g,
  (_, at) => new Date(Number(at)).toLocaleString([], { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" }));

// A moment in a list: the time alone for today, else with its day.
export function moment(at) {
  const date = new Date(at);
  const today = date.toDateString() === new Date().toDateString();
  const year = date.getFullYear() === new Date().getFullYear() ? {} : { year: "numeric" };
  const parts = { ...(today ? {} : { day: "numeric", month: "short", ...year }), hour: "2-digit", minute: "2-digit" };
  return el("time", { datetime: date.toISOString(), title: date.toLocaleString() }, date.toLocaleString([], parts));
}

export function day(at) {
  const date = new Date(at);
  const today = new Date();
  const yesterday = new Date(today.getFullYear(), today.getMonth(), today.getDate() - 1);
  if (date.toDateString() === today.toDateString()) return "Today";
  if (date.toDateString() === yesterday.toDateString()) return "Yesterday";
  return date.toLocaleDateString([], { weekday: "long", day: "numeric", month: "long" });
}
