// Sends requests until they are answered. A request keeps its key, so that repeating it after a lost connection
// never creates a second job.

import { ApiError, address, currentChannel, me, postTo } from "./api.js";
import { byId, el } from "./dom.js";

// Its name and the requests in it stay as earlier versions wrote them: {url, body, label}.
const OUTBOX = "reverie.outbox";
const MAX_DELAY = 8000;
const MAX_ERRORS = 5;
const SHOW_AFTER = 400;

function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

const readOutbox = () => JSON.parse(sessionStorage.getItem(OUTBOX) ?? "[]");
const writeOutbox = (requests) => sessionStorage.setItem(OUTBOX, JSON.stringify(requests));

// Requests that had no answer before a reload, to be sent again with their keys.
export const unanswered = readOutbox;

export const newRequest = (path, body, label) => ({
  url: address(path), body: { channel: currentChannel(), ...body, key: newKey() }, label,
});

// Sends a request until it is answered, and shows it above the field if that takes long. Returns null when the tab
// has become another person meanwhile. Throws where trying again would not help.
export async function submit(request) {
  const line = el("li", {}, el("span", {}, request.label), el("em", {}, "sending…"));
  const list = byId("outbox");
  const late = setTimeout(() => { list.append(line); list.hidden = false; }, SHOW_AFTER);
  const sender = me();
  writeOutbox([...readOutbox().filter((other) => other.body.key !== request.body.key), request]);
  try {
    const answer = await sendUntilAnswered(request, () => { line.lastChild.textContent = "trying again…"; });
    return sender === me() ? answer : null;
  } finally {
    writeOutbox(readOutbox().filter((other) => other.body.key !== request.body.key));
    clearTimeout(late);
    line.remove();
    list.hidden = list.childElementCount === 0;
  }
}

async function sendUntilAnswered({ url, body }, onRetry) {
  let errors = 0;
  for (let tries = 0; ; tries += 1) {
    try {
      return await postTo(url, body);
    } catch (error) {
      if (error instanceof ApiError && !error.lost) {
        const temporary = error.status === 408 || error.status === 429 || error.status >= 500;
        errors += 1;
        if (!temporary || errors >= MAX_ERRORS) throw error;
      }
      onRetry();
      await waitOrOnline(Math.min(MAX_DELAY, 400 * 2 ** tries));
    }
  }
}

function waitOrOnline(milliseconds) {
  return new Promise((resolve) => {
    const timer = setTimeout(done, milliseconds);
    function done() {
      clearTimeout(timer);
      removeEventListener("online", done);
      resolve();
    }
    addEventListener("online", done);
  });
}
