// Short answers that go away by themselves.

import { byId, el } from "./dom.js";

const LASTS = 6000;

export function toast({ title, text }) {
  const node = el("li", { class: "toast" }, el("b", {}, title), text && el("span", {}, text));
  const close = () => node.remove();
  node.addEventListener("click", close);
  byId("toasts").append(node);
  setTimeout(close, LASTS);
}
