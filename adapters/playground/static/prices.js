// Prices on buttons and menu entries, and whether what is left suffices for them.

import { el } from "./dom.js";

// Micro-dollars that the person can still spend; null while that is unknown.
let left = null;

export function setLeft(microusd) {
  left = microusd ?? null;
  document.querySelectorAll("[data-microusd]").forEach(mark);
}

// Shows a price on a button. `text` may say more than the price itself, such as "from $0.01".
export function showPrice(button, price, text, app) {
  if (!text) return;
  button.append(el("span", { class: "cost" }, text));
  button.dataset.priced = app.priceText(text);
  if (price) button.dataset.microusd = price.microusd;
  mark(button);
}

function mark(button) {
  const short = left !== null && Number(button.dataset.microusd) > left;
  button.classList.toggle("short", short);
  button.title = short ? `${button.dataset.priced}: more than is left` : button.dataset.priced;
}

// The content of a menu entry for a price; null where there is none.
export const costOf = (price) => price && el("span", { class: left !== null && price.microusd > left ? "cost short" : "cost" }, price.text);
