// Talks to the playground's routes. A wish keeps its key until it is answered, so that asking again after a
// lost connection never makes a second job.

const ME = "reverie.me";
const CHANNEL = "reverie.channel";
const OUTBOX = "reverie.outbox";
const LONGEST_PAUSE = 8000;
const TRIES_AT_A_FAULT = 5;

// Each tab is one person in one conversation.
export const me = () => sessionStorage.getItem(ME) ?? "";
export const become = (name) => sessionStorage.setItem(ME, name);
export const here = () => (sessionStorage.getItem(CHANNEL) === "dm" ? "dm" : "studio");
export const enter = (channel) => sessionStorage.setItem(CHANNEL, channel);

export class Problem extends Error {
  constructor(text, status) {
    super(text);
    this.status = status;
  }
}

export const address = (path, query = {}) =>
  `/playground/${path}?${new URLSearchParams({ me: me(), channel: here(), ...query })}`;

function check(status, content) {
  if (status === 401) {
    location.assign("/playground/login");
    throw new Problem("Sign in first", 401);
  }
  if (status >= 400) throw new Problem(content?.error ?? `Something went wrong (${status})`, status);
  return content;
}

async function request(url, options) {
  const answer = await fetch(url, { credentials: "same-origin", ...options });
  return check(answer.status, await answer.json().catch(() => ({})));
}

export const get = (path, query, options) => request(address(path, query), options);

const postTo = (url, body, options) => request(url, {
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify(body),
  ...options,
});

export const post = (path, body, options) => postTo(address(path), body, options);

// Sends one file; `progress` hears which part of it has left. The signal takes it back.
export function upload(file, { progress, signal }) {
  return new Promise((resolve, reject) => {
    const sending = new XMLHttpRequest();
    sending.open("POST", address("upload"));
    sending.setRequestHeader("Content-Type", "application/octet-stream");
    sending.setRequestHeader("X-File-Name", encodeURIComponent(file.name));
    sending.responseType = "json";
    sending.upload.addEventListener("progress", (event) => progress(event.loaded / (event.total || 1)));
    sending.addEventListener("load", () => {
      try {
        resolve(check(sending.status, sending.response));
      } catch (error) {
        reject(error);
      }
    });
    sending.addEventListener("error", () => reject(new Problem("The connection was lost on the way; try again", 0)));
    signal.addEventListener("abort", () => sending.abort());
    sending.send(file);
  });
}

export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

const readOutbox = () => JSON.parse(sessionStorage.getItem(OUTBOX) ?? "[]");
const writeOutbox = (wishes) => sessionStorage.setItem(OUTBOX, JSON.stringify(wishes));

// What a reload found unanswered, to be sent again with the keys it had.
export const unanswered = readOutbox;

export const wish = (path, body, label) => ({ url: address(path), body: { channel: here(), ...body, key: newKey() }, label });

// Sends until there is an answer. `waiting` hears each time that it has to be tried again.
export async function send(one, waiting = () => {}) {
  writeOutbox([...readOutbox().filter((other) => other.body.key !== one.body.key), one]);
  try {
    return await persist(one, waiting);
  } finally {
    writeOutbox(readOutbox().filter((other) => other.body.key !== one.body.key));
  }
}

async function persist(one, waiting) {
  let faults = 0;
  for (let tries = 0; ; tries += 1) {
    try {
      return await postTo(one.url, one.body);
    } catch (error) {
      if (error instanceof Problem) {
        const passing = error.status === 408 || error.status === 429 || error.status >= 500;
        faults += 1;
        if (!passing || faults >= TRIES_AT_A_FAULT) throw error;
      }
      waiting();
      await pause(Math.min(LONGEST_PAUSE, 400 * 2 ** tries));
    }
  }
}

function pause(milliseconds) {
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
