// Emoji under a card. What each does is the workspace's map; numbers choose one of several pictures.

import { busy } from "./actions.js";
import { el } from "./dom.js";
import { openMenu } from "./menu.js";

const QUICK = 3;
// They ask back, or make nothing.
const ASIDE = ["edit", "delete", "gallery", "send"];

export function fillReactions(row, card, reactions, desk, job) {
  const focused = row.contains(document.activeElement) ? document.activeElement.dataset.emoji : null;
  row.replaceChildren(...[...reactions].map(([emoji, names]) => chip(emoji, names, card, desk, job)));
  row.hidden = reactions.size === 0;
  if (focused) (row.querySelector(`[data-emoji="${focused}"]`) ?? row.firstElementChild)?.focus({ preventScroll: true });
}

function chip(emoji, names, card, desk, job) {
  const mine = names.includes(desk.me());
  const told = `${who(names)} reacted with ${emoji} ${meaning(emoji, desk)}`.trim();
  const button = el("button", {
    type: "button", class: "reaction", "aria-pressed": String(mine), "aria-label": told, title: told, "data-emoji": emoji,
  }, el("span", { class: "emoji", "aria-hidden": "true" }, emoji), el("span", { class: "count", "aria-hidden": "true" }, String(names.length)));
  button.addEventListener("click", () => toggle(button, emoji, { card, desk, job, on: !mine }));
  return button;
}

function who(names) {
  if (names.length < 2) return names.join("");
  return `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

const meaning = (emoji, desk) => desk.reactions.find((one) => one.emoji === emoji)?.label ?? "";

const isMine = (emoji, card, desk) => desk.reactionsOf(card.card)?.get(emoji)?.includes(desk.me()) ?? false;

function toggle(button, emoji, { card, desk, job, on }) {
  return busy(button, () => desk.react(emoji, card, job(), on));
}

// Those that make something new of this result are one press away.
export function fillQuick(place, card, desk, job) {
  const fitting = desk.reactions.filter(({ action }) => !ASIDE.includes(action) && job().actions.includes(action)).slice(0, QUICK);
  const look = fitting.map(({ emoji }) => emoji).join(" ");
  if (place.dataset.look === look) return;
  place.dataset.look = look;
  place.replaceChildren(...fitting.map(({ emoji, label }) => {
    const button = el("button", { type: "button", class: "quick", "aria-label": `React: ${label}`, title: label },
      el("span", { "aria-hidden": "true" }, emoji));
    button.addEventListener("click", () => toggle(button, emoji, { card, desk, job, on: !isMine(emoji, card, desk) }));
    return button;
  }));
}

export function openPicker(anchor, card, desk, job) {
  const item = (emoji, label) => ({
    label: label || emoji,
    checked: isMine(emoji, card, desk),
    content: [el("span", { class: "emoji", "aria-hidden": "true" }, emoji), label && el("span", { class: "meaning", "aria-hidden": "true" }, label)].filter(Boolean),
    pick: () => toggle(anchor, emoji, { card, desk, job, on: !isMine(emoji, card, desk) }),
  });
  const numbers = card.jobs.length > 1 ? desk.numbers.slice(0, card.jobs.length) : [];
  openMenu(anchor, "React", [
    ...desk.reactions.map(({ emoji, label }) => item(emoji, label)),
    ...numbers.map((emoji, index) => item(emoji, `Number ${index + 1}`)),
    ...desk.feelings.map((emoji) => item(emoji, "")),
  ], { role: "menuitemcheckbox", look: "picker" });
}
