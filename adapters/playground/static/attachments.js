// The files that come along with the next command, as chips above the field.

import { announce, byId, el } from "./dom.js";
import { Upload } from "./uploads.js";

const MOST = 10;

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

  add(files) {
    for (const file of files.slice(0, MOST - this.count)) {
      const upload = new Upload(file, this.limits().file, (changed) => this.#show(changed));
      this.uploads.push(upload);
      this.#append(upload);
    }
    if (files.length) announce(files.length === 1 ? `${files[0].name} is on its way` : `${files.length} files are on their way`);
    this.#changed();
  }

  // Waits until all have arrived; answers false when one could not.
  async settled() {
    await Promise.all(this.uploads.map((upload) => upload.done));
    if (!this.failed) return true;
    this.list.querySelector(".failed .remove")?.focus();
    return false;
  }

  // Hands over what is there: chips are empty afterwards.
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
      el("progress", { max: "1", "aria-label": `Sending ${upload.name}` }), remove);
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
    if (upload.state === "failed") announce(`${upload.name}: ${upload.problem}`);
    if (upload.state === "ready") announce(`${upload.name} is here`);
    this.#changed();
  }

  #remove(upload) {
    upload.cancel();
    this.nodes.get(upload)?.remove();
    this.nodes.delete(upload);
    this.uploads = this.uploads.filter((other) => other !== upload);
    this.#changed();
    byId("words").focus();
  }

  #changed() {
    this.list.hidden = this.count === 0;
    this.onChange();
  }
}

function fillChip(node, upload) {
  const { state, media, preview, part, problem } = upload;
  node.classList.toggle("failed", state === "failed");
  const source = state === "ready" ? media.still : preview;
  const look = node.querySelector(".look");
  if (source && look.firstElementChild?.getAttribute("src") !== source) {
    // A picture that the browser cannot read, HEIC for example, is seen once the studio has it.
    const image = el("img", { src: source, alt: "" });
    image.addEventListener("error", () => image.remove());
    look.replaceChildren(image);
  }
  look.classList.toggle("is-video", state === "ready" && media.kind === "video");
  const progress = node.querySelector("progress");
  progress.hidden = state !== "sending";
  if (part < 1) progress.value = part;
  else progress.removeAttribute("value");
  node.querySelector(".state").textContent = state === "failed" ? problem : state === "ready" ? facts(media) : part < 1 ? `${Math.round(part * 100)} %` : "looking at it…";
}

const facts = ({ width, height, duration_ms: length }) =>
  `${width} × ${height}${length ? ` · ${Math.round(length / 100) / 10} s` : ""}`;
