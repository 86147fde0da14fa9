// A file on its way to the studio, and what it is known by once it is there.

import { Problem, upload } from "./api.js";

const MB = 1_000_000;

// Files go up one after the other: a person may send two at once, and another window may want one of these.
let queue = Promise.resolve();

function inTurn(send) {
  const turn = queue.then(send);
  queue = turn.catch(() => {});
  return turn;
}

export class Upload {
  constructor(file, limit, changed = () => {}) {
    this.file = file;
    this.name = file.name || "file";
    this.changed = changed;
    // sending, ready or failed
    this.state = "sending";
    this.part = 0;
    this.problem = "";
    this.preview = file.type.startsWith("image/") ? URL.createObjectURL(file) : null;
    this.media = null;
    this.aborting = new AbortController();
    this.done = this.#send(limit);
  }

  get token() {
    return this.media?.token;
  }

  cancel() {
    this.aborting.abort();
    if (this.preview) URL.revokeObjectURL(this.preview);
  }

  async #send(limit) {
    try {
      if (this.file.size > limit) throw new Problem(`This file is larger than ${limit / MB} MB: shrink or cut it first`, 413);
      if (this.file.size === 0) throw new Problem("This file is empty", 422);
      this.media = await inTurn(() => {
        this.aborting.signal.throwIfAborted();
        return upload(this.file, {
          signal: this.aborting.signal,
          progress: (part) => { this.part = part; this.changed(this); },
        });
      });
      this.state = "ready";
    } catch (error) {
      this.state = "failed";
      this.problem = error instanceof Problem ? error.message : "This file could not be sent";
    }
    this.changed(this);
  }
}
