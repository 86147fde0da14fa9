// A popover beside a button: a menu or other content. Esc and a click elsewhere close it.

import { el } from "./dom.js";

const GAP = 8;
// The click on the button that closes a popover must not open it again.
const SAME_CLICK = 250;
const closed = new WeakMap();
let pressed = null;
addEventListener("pointerdown", (event) => { pressed = event.target; }, true);
addEventListener("keydown", () => { pressed = null; }, true);

export function openBeside(anchor, panel) {
  if (performance.now() - (closed.get(anchor) ?? -SAME_CLICK) < SAME_CLICK) return panel;
  panel.classList.add("panel");
  panel.setAttribute("popover", "auto");
  // Nothing outside of an open dialog can be used; elsewhere it belongs to the part of the page that opened it.
  (anchor.closest("dialog, main, .below, .top") ?? document.body).append(panel);
  panel.addEventListener("beforetoggle", (event) => {
    if (event.newState === "closed" && anchor.contains(pressed)) closed.set(anchor, performance.now());
  });
  panel.addEventListener("toggle", (event) => {
    if (event.newState !== "closed") return;
    anchor.setAttribute("aria-expanded", "false");
    const inside = panel.contains(document.activeElement) || document.activeElement === document.body;
    panel.remove();
    if (inside && anchor.isConnected) anchor.focus();
  });
  panel.showPopover();
  anchor.setAttribute("aria-expanded", "true");
  position(anchor, panel);
  return panel;
}

function position(anchor, panel) {
  const beside = anchor.getBoundingClientRect();
  const size = panel.getBoundingClientRect();
  const left = Math.min(Math.max(GAP, beside.left), innerWidth - size.width - GAP);
  const fitsBelow = beside.bottom + GAP + size.height <= innerHeight - GAP;
  const top = fitsBelow ? beside.bottom + GAP : Math.max(GAP, beside.top - GAP - size.height);
  panel.style.setProperty("left", `${Math.max(GAP, left)}px`);
  panel.style.setProperty("top", `${top}px`);
}

// `items` are {label, content, pick, checked?}. Arrow keys, Home, End and first letters move the focus.
export function openMenu(anchor, label, items, { role = "menuitemradio", look = "" } = {}) {
  const menu = el("div", { role: "menu", "aria-label": label, class: `menu ${look}` });
  for (const [index, item] of items.entries()) {
    const choice = el("button", {
      type: "button",
      tabindex: index === 0 ? "0" : "-1",
      role: item.checked === undefined ? "menuitem" : role,
      "aria-label": item.label,
      title: look ? item.label : null,
      "aria-checked": item.checked === undefined ? null : String(item.checked),
      on: { click: () => { menu.hidePopover(); item.pick(); } },
    }, item.content);
    menu.append(choice);
  }
  menu.addEventListener("keydown", (event) => move(event, menu));
  openBeside(anchor, menu);
  (menu.querySelector("[aria-checked=true]") ?? menu.firstElementChild)?.focus();
  return menu;
}

function move(event, menu) {
  const choices = [...menu.querySelectorAll("[role^=menuitem]")];
  const at = choices.indexOf(document.activeElement);
  const letter = event.key.length === 1 && !event.ctrlKey && !event.metaKey && event.key !== " " && event.key.toLowerCase();
  const to = letter
    ? choices.findIndex((choice) => choice.getAttribute("aria-label").toLowerCase().replace("/", "").startsWith(letter))
    : { ArrowDown: at + 1, ArrowRight: at + 1, ArrowUp: at - 1, ArrowLeft: at - 1, Home: 0, End: choices.length - 1 }[event.key];
  if (to === undefined || (letter && to < 0)) return;
  event.preventDefault();
  choices[(to + choices.length) % choices.length]?.focus();
}
