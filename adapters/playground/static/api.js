// Calls the routes of the playground, and holds what this tab is: one person in one conversation.

// Names in the storage of the browser, where earlier versions have written too.
const ME = "reverie.me";
const CHANNEL = "reverie.channel";
const PRICE_DELAY = 250;

export const me = () => sessionStorage.getItem(ME) ?? "";
export const setMe = (name) => sessionStorage.setItem(ME, name);
export const currentChannel = () => (sessionStorage.getItem(CHANNEL) === "dm" ? "dm" : "studio");
export const setChannel = (channel) => sessionStorage.setItem(CHANNEL, channel);

export class ApiError extends Error {
  // `lost`: a proxy answered, because it has no answer of Reverie; as with a lost connection, the request may have arrived.
  constructor(text, status, { lost = false } = {}) {
    super(text);
    this.status = status;
    this.lost = lost;
  }
}

// What a status means without a text of Reverie, so that something in front of it has answered.
function foreignError(status) {
  if (status === 413) {
    return new ApiError("This is larger than a proxy in front of Reverie lets through. Make it smaller, or tell the operator to raise the proxy's limit for request bodies", status);
  }
  if (status < 502) return new ApiError(`Something went wrong (HTTP ${status})`, status);
  return new ApiError(`Reverie cannot be reached at the moment (HTTP ${status}). Try again.`, status, { lost: true });
}

export const address = (path, query = {}) =>
  `/playground/${path}?${new URLSearchParams({ me: me(), channel: currentChannel(), ...query })}`;

function check(status, content) {
  if (status === 401) {
    const asked = location.pathname === "/playground/admin" ? `?to=admin${location.hash}` : "";
    location.assign(`/playground/login${asked}`);
    throw new ApiError("Sign in first", 401);
  }
  if (status >= 400) throw content?.error ? new ApiError(content.error, status) : foreignError(status);
  return content;
}

async function request(url, options) {
  const response = await fetch(url, { credentials: "same-origin", ...options });
  return check(response.status, await response.json().catch(() => ({})));
}

export const get = (path, query, options) => request(address(path, query), options);

export const postTo = (url, body, options) => request(url, {
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify(body),
  ...options,
});

export const post = (path, body, options) => postTo(address(path), body, options);

// Answers a picture as a blob; null where there is none.
export async function postForImage(path, body, options) {
  const response = await fetch(address(path), {
    method: "POST",
    credentials: "same-origin",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
    ...options,
  });
  return response.status === 200 ? response.blob() : null;
}

// Uploads one file. `progress` is called with the part that has been sent; the signal aborts it.
export function upload(file, { progress, signal }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", address("upload"));
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.setRequestHeader("X-File-Name", encodeURIComponent(file.name));
    request.responseType = "json";
    request.upload.addEventListener("progress", (event) => progress(event.loaded / (event.total || 1)));
    request.addEventListener("load", () => {
      try {
        resolve(check(request.status, request.response));
      } catch (error) {
        reject(error);
      }
    });
    request.addEventListener("error", () => reject(new ApiError("The connection was lost during the upload. Try again.", 0)));
    signal.addEventListener("abort", () => request.abort());
    request.send(file);
  });
}

// What is known of a command that is not checked.
export const UNCHECKED = { price: null, refusal: null, option: "", options: [] };

// Asks for the price of the command that is being written, and what is wrong with it. Only the newest question is
// answered.
export class PriceQuotes {
  constructor(show) {
    this.show = show;
  }

  // `command` is the body that would be sent, without its key; null where there is nothing to check.
  ask(command) {
    const question = JSON.stringify(command);
    if (question === this.question) return;
    this.#begin(question);
    if (!command) return this.show(UNCHECKED);
    this.timer = setTimeout(() => this.#send(command, question), PRICE_DELAY);
  }

  // The check of exactly this command, at once.
  async of(command) {
    const question = JSON.stringify(command);
    if (question === this.question && this.answer) return this.answer;
    this.#begin(question);
    return this.#send(command, question);
  }

  #begin(question) {
    this.question = question;
    this.answer = null;
    clearTimeout(this.timer);
    this.controller?.abort();
  }

  async #send(command, question) {
    this.controller = new AbortController();
    try {
      const quote = await post("price", { channel: currentChannel(), ...command }, { signal: this.controller.signal });
      if (question !== this.question) return quote;
      this.answer = quote;
      this.show(quote);
      return quote;
    } catch (error) {
      // What cannot be checked here may be sent: the server checks it again.
      if (error.name !== "AbortError") this.show(UNCHECKED);
      return UNCHECKED;
    }
  }
}
