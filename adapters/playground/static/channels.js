// The conversations at the side, each with what has not been read yet.

import { become, enter, here, me } from "./api.js";
import { byId, el } from "./dom.js";

const NAMES = { studio: "studio", dm: "Direct messages" };
const MOST = 99;

export class Channels {
  constructor({ timelines, onSwitch }) {
    this.timelines = timelines;
    this.onSwitch = onSwitch;
    this.nav = byId("channels");
    this.buttons = Object.fromEntries(Object.entries(NAMES).map(([channel, name]) => [channel, this.#button(channel, name)]));
    this.nav.append(el("ul", {}, Object.values(this.buttons).map((button) => el("li", {}, button))));
  }

  get current() {
    return this.timelines[here()];
  }

  begin(name) {
    become(name);
    // Nobody is told of everything that was there before they came.
    for (const channel of Object.keys(NAMES)) {
      if (localStorage.getItem(this.#key(channel)) === null) this.#read(channel);
    }
    this.show();
  }

  show() {
    for (const [channel, button] of Object.entries(this.buttons)) {
      if (channel === here()) button.setAttribute("aria-current", "page");
      else button.removeAttribute("aria-current");
    }
    byId("messages").replaceChildren(this.current.list);
    this.count();
  }

  // Notes what has been seen, and marks what has not.
  count() {
    if (!document.hidden) this.#read(here());
    for (const [channel, button] of Object.entries(this.buttons)) {
      const seen = Number(localStorage.getItem(this.#key(channel)) ?? 0);
      const unread = channel === here() ? 0 : this.timelines[channel].since(seen);
      const mark = button.querySelector(".unread");
      mark.hidden = unread === 0;
      mark.textContent = unread > MOST ? `${MOST}+` : String(unread);
      button.setAttribute("aria-label", unread ? `${NAMES[channel]}, ${unread} unread` : NAMES[channel]);
    }
  }

  #read(channel) {
    const newest = this.timelines[channel].newest;
    if (newest >= Number(localStorage.getItem(this.#key(channel)) ?? 0)) localStorage.setItem(this.#key(channel), String(newest));
  }

  #key(channel) {
    return `reverie.read.${me()}.${channel}`;
  }

  #button(channel, name) {
    const sign = channel === "studio" ? el("span", { class: "sign", "aria-hidden": "true" }, "#") : el("span", { class: "avatar mark", "aria-hidden": "true" });
    const button = el("button", { type: "button", "data-channel": channel }, sign, el("span", { class: "channel-name" }, name), el("span", { class: "unread", hidden: true }));
    button.addEventListener("click", () => this.go(channel));
    return button;
  }

  go(channel) {
    if (channel === here()) return;
    enter(channel);
    this.show();
    this.onSwitch();
  }
}
