// One uploaded file: its progress, then what it is and the token that names it.

import { ApiError, upload } from "./api.js";

const MB = 1_000_000;

// Files are uploaded one after the other: a person may upload two at once, and another tab may need one of these.
let queue = Promise.resolve();

function enqueue(send) {
  const result = queue.then(send);
  queue = result.catch(() => {});
  return result;
}

export class Upload {
  constructor(file, limit, changed = () => {}) {
    this.file = file;
    this.name = file.name || "file";
    this.changed = changed;
    // uploading, ready or failed
    this.state = "uploading";
    this.part = 0;
    this.error = "";
    this.preview = file.type.startsWith("image/") ? URL.createObjectURL(file) : null;
    this.media = null;
    this.controller = new AbortController();
    this.done = this.#upload(limit);
  }

  // A file that was uploaded before; `media` has its token.
  static stored(name, media) {
    const upload = Object.create(Upload.prototype);
    return Object.assign(upload, {
      name, media, changed: () => {}, state: "ready", part: 1, error: "", preview: null, controller: new AbortController(), done: Promise.resolve(),
    });
  }

  get token() {
    return this.media?.token;
  }

  cancel() {
    this.controller.abort();
    if (this.preview) URL.revokeObjectURL(this.preview);
  }

  async #upload(limit) {
    try {
      if (this.file.size > limit) throw new ApiError(`This file is larger than ${limit / MB} MB. Make it smaller or shorter`, 413);
      if (this.file.size === 0) throw new ApiError("This file is empty", 422);
      this.media = await enqueue(() => {
        this.controller.signal.throwIfAborted();
        return upload(this.file, {
          signal: this.controller.signal,
          progress: (part) => { this.part = part; this.changed(this); },
        });
      });
      this.state = "ready";
    } catch (error) {
      this.state = "failed";
      this.error = error instanceof ApiError ? error.message : "This file could not be uploaded";
    }
    this.changed(this);
  }
}
