// Reactions under a card. The workspace decides what each emoji does; numbers select one of several results.

import { busy, el } from "./dom.js";
import { openMenu } from "./menu.js";
import { costOf } from "./prices.js";

const MAX_QUICK = 3;
// These ask first, or create nothing new.
const NOT_QUICK = ["edit", "delete", "gallery", "send"];

export function fillReactions(row, card, reactions, app, job) {
  const focused = row.contains(document.activeElement) ? document.activeElement.dataset.emoji : null;
  row.replaceChildren(...[...reactions].map(([emoji, names]) => chip(emoji, names, card, app, job)));
  row.hidden = reactions.size === 0;
  if (focused) (row.querySelector(`[data-emoji="${focused}"]`) ?? row.firstElementChild)?.focus({ preventScroll: true });
}

function chip(emoji, names, card, app, job) {
  const mine = names.includes(app.me());
  const description = `${who(names)} reacted with ${emoji} ${meaning(emoji, app)}`.trim();
  const button = el("button", {
    type: "button", class: "reaction", "aria-pressed": String(mine), "aria-label": description, title: description, "data-emoji": emoji,
  }, el("span", { class: "emoji", "aria-hidden": "true" }, emoji), el("span", { class: "count", "aria-hidden": "true" }, String(names.length)));
  button.addEventListener("click", () => toggle(button, emoji, { card, app, job, on: !mine }));
  return button;
}

function who(names) {
  if (names.length < 2) return names.join("");
  return `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

const meaning = (emoji, app) => app.reactions.find((one) => one.emoji === emoji)?.label ?? "";

const isMine = (emoji, card, app) => app.reactionsOf(card.card)?.get(emoji)?.includes(app.me()) ?? false;

function toggle(button, emoji, { card, app, job, on }) {
  return busy(button, () => app.react(emoji, card, job(), on));
}

// Reactions that create something new from the result get a button of their own.
export function fillQuick(container, card, app, job) {
  const fitting = app.reactions.filter(({ action }) => !NOT_QUICK.includes(action) && job().actions.includes(action)).slice(0, MAX_QUICK);
  const described = ({ label, action }) => [label, job().prices?.[action]?.text].filter(Boolean).join(" · ");
  const look = fitting.map((one) => `${one.emoji} ${described(one)}`).join(" ");
  if (container.dataset.look === look) return;
  container.dataset.look = look;
  container.replaceChildren(...fitting.map(({ emoji, label, action }) => {
    const text = described({ label, action });
    const button = el("button", { type: "button", class: "quick", "aria-label": `React: ${text}`, title: text },
      el("span", { "aria-hidden": "true" }, emoji));
    button.addEventListener("click", () => toggle(button, emoji, { card, app, job, on: !isMine(emoji, card, app) }));
    return button;
  }));
}

export function openPicker(anchor, card, app, job) {
  const item = (emoji, label, price = null) => ({
    label: [label || emoji, price?.text].filter(Boolean).join(" · "),
    checked: isMine(emoji, card, app),
    content: [el("span", { class: "emoji", "aria-hidden": "true" }, emoji), label && el("span", { class: "meaning", "aria-hidden": "true" }, label), costOf(price)].filter(Boolean),
    pick: () => toggle(anchor, emoji, { card, app, job, on: !isMine(emoji, card, app) }),
  });
  const numbers = card.jobs.length > 1 ? app.numbers.slice(0, card.jobs.length) : [];
  openMenu(anchor, "React", [
    // What cannot apply to this result is not offered.
    ...app.reactions.filter(({ action }) => job().actions.includes(action))
      .map(({ emoji, label, action }) => item(emoji, label, job().prices?.[action])),
    ...numbers.map((emoji, index) => item(emoji, `Number ${index + 1}`)),
    ...app.feelings.map((emoji) => item(emoji, "")),
  ], { role: "menuitemcheckbox", look: "picker" });
}
