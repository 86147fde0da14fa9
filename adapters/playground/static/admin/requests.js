// Reads what the sections show, and sends what admins decide: the same commands that can be typed.

import { ApiError, get, postTo } from "../api.js";
import { newRequest } from "../outbox.js";

const LOST = "The answer was lost on its way. The page shows below whether it was done.";

export const read = (section, query = {}) => get(`admin/${section}`, query);

// Why queued jobs wait; empty while they do not.
export const readPause = async () => (await get("quota", { channel: "studio" })).quota?.pause ?? "";

// An answer: {refused, title, text, facts, file, option}; `option` is the one that has to be corrected.
async function send(path, body) {
  const { url, body: whole } = newRequest(path, { channel: "studio", beside: true, ...body }, "");
  try {
    const { refused, reply, ...more } = await postTo(url, whole);
    return { refused, title: "", text: "", facts: [], file: null, option: "", ...reply, ...more };
  } catch (error) {
    const text = error instanceof ApiError && !error.lost ? error.message : LOST;
    return { refused: true, title: "", text, facts: [], file: null, option: "" };
  }
}

// Runs a command by its name with the values of its options.
export const run = (command, values = {}) => send("command", { command, values });

// Decides about a held or reported job; `one` is {decision, label}.
export const decide = ({ decision, label }, job, card) => send("decision", { decision, label, job, card });

export const enterKey = (key) => send("key", { api_key: key });
