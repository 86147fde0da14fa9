// The list of conversations, each with its number of unread messages.

import { currentChannel, me, setChannel, setMe } from "./api.js";
import { byId, el } from "./dom.js";

const NAMES = { studio: "studio", dm: "Direct messages" };
const MAX_SHOWN = 99;

export class Channels {
  constructor({ timelines, onSwitch }) {
    this.timelines = timelines;
    this.onSwitch = onSwitch;
    this.nav = byId("channels");
    this.buttons = Object.fromEntries(Object.entries(NAMES).map(([channel, name]) => [channel, this.#button(channel, name)]));
    this.nav.append(el("ul", {}, Object.values(this.buttons).map((button) => el("li", {}, button))));
  }

  get current() {
    return this.timelines[currentChannel()];
  }

  start(name) {
    setMe(name);
    // Everything older than a person's first visit counts as read.
    for (const channel of Object.keys(NAMES)) {
      if (localStorage.getItem(this.#key(channel)) === null) this.#markRead(channel);
    }
    this.show();
  }

  show() {
    for (const [channel, button] of Object.entries(this.buttons)) {
      if (channel === currentChannel()) button.setAttribute("aria-current", "page");
      else button.removeAttribute("aria-current");
    }
    byId("messages").replaceChildren(this.current.list);
    this.countUnread();
  }

  // Marks the visible conversation as read, and shows the unread messages of the others.
  countUnread() {
    if (!document.hidden) this.#markRead(currentChannel());
    for (const [channel, button] of Object.entries(this.buttons)) {
      const readUntil = Number(localStorage.getItem(this.#key(channel)) ?? 0);
      const unread = channel === currentChannel() ? 0 : this.timelines[channel].countSince(readUntil);
      const mark = button.querySelector(".unread");
      mark.hidden = unread === 0;
      mark.textContent = unread > MAX_SHOWN ? `${MAX_SHOWN}+` : String(unread);
      button.setAttribute("aria-label", unread ? `${NAMES[channel]}, ${unread} unread` : NAMES[channel]);
    }
  }

  #markRead(channel) {
    const newest = this.timelines[channel].newest;
    if (newest >= Number(localStorage.getItem(this.#key(channel)) ?? 0)) localStorage.setItem(this.#key(channel), String(newest));
  }

  #key(channel) {
    return `reverie.read.${me()}.${channel}`;
  }

  #button(channel, name) {
    const sign = channel === "studio" ? el("span", { class: "sign", "aria-hidden": "true" }, "#") : el("span", { class: "avatar mark", "aria-hidden": "true" });
    const button = el("button", { type: "button", "data-channel": channel }, sign, el("span", { class: "channel-name" }, name), el("span", { class: "unread", hidden: true }));
    button.addEventListener("click", () => this.open(channel));
    return button;
  }

  open(channel) {
    if (channel === currentChannel()) return;
    setChannel(channel);
    this.show();
    this.onSwitch();
  }
}
