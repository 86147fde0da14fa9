// Sends wishes until they are answered, and shows each on its way for as long as that takes.

import { me, send } from "./api.js";
import { byId, el } from "./dom.js";

const LATE = 400;

// Answers what came of it, or null when somebody else sits here by then. Raises what cannot be mended by waiting.
export async function carry(one) {
  const line = el("li", {}, el("span", {}, one.label), el("em", {}, "sending…"));
  const list = byId("sending");
  const late = setTimeout(() => { list.append(line); list.hidden = false; }, LATE);
  const by = me();
  try {
    const answer = await send(one, () => { line.lastChild.textContent = "trying again…"; });
    return by === me() ? answer : null;
  } finally {
    clearTimeout(late);
    line.remove();
    list.hidden = list.childElementCount === 0;
  }
}
