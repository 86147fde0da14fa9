// The files of the next command, as chips above the field.

import { byId, el } from "./dom.js";
import { announce } from "./notices.js";
import { Upload } from "./uploads.js";

const MAX_FILES = 10;

export class Attachments {
  constructor({ onChange, limits }) {
    this.list = byId("attached");
    this.onChange = onChange;
    this.limits = limits;
    this.uploads = [];
    this.nodes = new Map();
  }

  get count() {
    return this.uploads.length;
  }

  get tokens() {
    return this.uploads.map((upload) => upload.token).filter(Boolean);
  }

  get failed() {
    return this.uploads.some((upload) => upload.state === "failed");
  }

  // Why nothing can be sent with these files.
  get problem() {
    const bad = this.uploads.find((upload) => upload.state === "failed");
    return bad ? `${bad.name} cannot be sent: ${bad.error}. Remove it, then send again.` : "";
  }

  add(files) {
    for (const file of files.slice(0, MAX_FILES - this.count)) {
      const upload = new Upload(file, this.limits().file, (changed) => this.#show(changed));
      this.uploads.push(upload);
      this.#append(upload);
    }
    if (files.length) announce(files.length === 1 ? `Uploading ${files[0].name}` : `Uploading ${files.length} files`);
    this.#changed();
  }

  // Waits until all files are uploaded; returns false if one failed.
  async allUploaded() {
    await Promise.all(this.uploads.map((upload) => upload.done));
    if (!this.failed) return true;
    this.list.querySelector(".failed .remove")?.focus();
    return false;
  }

  // Returns the files and removes their chips.
  take() {
    const taken = this.uploads;
    this.uploads = [];
    this.nodes.clear();
    this.list.replaceChildren();
    this.#changed();
    return taken;
  }

  restore(uploads) {
    for (const upload of uploads) {
      this.uploads.push(upload);
      upload.changed = (changed) => this.#show(changed);
      this.#append(upload);
    }
    this.#changed();
  }

  #append(upload) {
    const remove = el("button", { type: "button", class: "remove", "aria-label": `Remove ${upload.name}`, title: "Remove" }, "×");
    remove.addEventListener("click", () => this.#remove(upload));
    const node = el("li", { class: "chip" },
      el("span", { class: "look" }), el("span", { class: "words" }, el("span", { class: "name" }, upload.name), el("span", { class: "state" })),
      el("progress", { max: "1", "aria-label": `Uploading ${upload.name}` }), remove);
    this.nodes.set(upload, node);
    this.list.append(node);
    this.#show(upload);
  }

  #show(upload) {
    const node = this.nodes.get(upload);
    if (!node) return;
    const before = node.dataset.state;
    fillChip(node, upload);
    if (before === upload.state) return;
    node.dataset.state = upload.state;
    if (upload.state === "failed") announce(`${upload.name}: ${upload.error}`);
    if (upload.state === "ready") announce(`${upload.name} is uploaded`);
    this.#changed();
  }

  #remove(upload) {
    upload.cancel();
    this.nodes.get(upload)?.remove();
    this.nodes.delete(upload);
    this.uploads = this.uploads.filter((other) => other !== upload);
    this.#changed();
    byId("command-input").focus();
  }

  #changed() {
    this.list.hidden = this.count === 0;
    this.onChange();
  }
}

function fillChip(node, upload) {
  const { state, media, preview, part, error } = upload;
  node.classList.toggle("failed", state === "failed");
  const source = state === "ready" ? media.still : preview;
  const look = node.querySelector(".look");
  if (source && look.firstElementChild?.getAttribute("src") !== source) {
    // A picture that the browser cannot read, such as HEIC, is shown once it is uploaded.
    const image = el("img", { src: source, alt: "" });
    image.addEventListener("error", () => image.remove());
    look.replaceChildren(image);
  }
  look.classList.toggle("is-video", state === "ready" && media.kind === "video");
  const progress = node.querySelector("progress");
  progress.hidden = state !== "uploading";
  if (part < 1) progress.value = part;
  else progress.removeAttribute("value");
  node.querySelector(".state").textContent = state === "failed" ? error : state === "ready" ? mediaInfo(media) : part < 1 ? `${Math.round(part * 100)} %` : "checking…";
}

const mediaInfo = ({ width, height, duration_ms: length }) =>
  `${width} × ${height}${length ? ` · ${Math.round(length / 100) / 10} s` : ""}`;
