// A place for a picture, a video or a job in a form: dropped, pasted, picked, one of the results, or an address.

import { el } from "./dom.js";
import { pick } from "./files.js";
import { short } from "./label.js";
import { chooseResult } from "./sources.js";
import { Upload } from "./uploads.js";

// One field's places: as many as the option may be given, one empty one at a time.
export class Slots {
  constructor(field, { desk, changed, newest, kind }) {
    Object.assign(this, { field, desk, changed, newest, kind });
    this.items = [];
    this.node = el("div", { class: "slots", role: "group", "aria-label": field.label });
    this.#show();
  }

  get full() {
    return this.items.length >= this.field.times;
  }

  get takesFiles() {
    return this.field.kind === "media";
  }

  // What is sent: null while there is nothing.
  get value() {
    const values = this.items.map(valueOf).filter((value) => value !== null);
    if (values.length === 0) return null;
    return this.field.times > 1 ? values : values[0];
  }

  get settled() {
    return Promise.all(this.items.map((item) => item.upload?.done));
  }

  get failed() {
    return this.items.some((item) => item.upload?.state === "failed");
  }

  get draft() {
    return this.items;
  }

  restore(items) {
    this.items = [...items];
    for (const { upload } of this.items) if (upload) upload.changed = () => this.#show();
    this.#show();
  }

  takeFile(file) {
    const upload = file instanceof Upload ? file : new Upload(file, this.desk.limits.file, () => this.#show());
    upload.changed = () => this.#show();
    this.#add({ upload, weight: null });
  }

  takeJob(job) {
    this.#add({ job, weight: null });
  }

  #add(item) {
    if (this.full) this.items.pop();
    this.items.push(item);
    this.#show();
  }

  #remove(item) {
    item.upload?.cancel();
    this.items = this.items.filter((other) => other !== item);
    this.#show();
    this.node.querySelector("button, input")?.focus();
  }

  #show() {
    const focused = this.node.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    this.node.replaceChildren(...this.items.map((item, index) => this.#filled(item, index)), this.full ? "" : this.#open());
    if (focused) this.node.querySelector(`[data-key="${focused}"]`)?.focus();
    this.changed();
  }

  #filled(item, index) {
    const { upload, job, address } = item;
    const still = job?.media?.still ?? upload?.media?.still ?? upload?.preview;
    const name = job ? `#${short(job.id)} ${job.alt ?? ""}` : upload?.name ?? address;
    const film = (job?.media ?? upload?.media)?.kind === "video";
    return el("div", { class: upload?.state === "failed" ? "slot failed" : "slot" },
      el("span", { class: film ? "look is-video" : "look" }, still && el("img", { src: still, alt: "" })),
      el("span", { class: "words" }, el("span", { class: "name" }, name),
        upload && upload.state !== "ready" && el("span", { class: "state" }, upload.problem || (upload.part < 1 ? `${Math.round(upload.part * 100)} %` : "looking at it…"))),
      this.field.weighted && this.#weight(item, index),
      el("button", { type: "button", class: "remove", "aria-label": `Remove ${name}`, "data-key": `remove-${index}`, on: { click: () => this.#remove(item) } }, "×"));
  }

  #weight(item, index) {
    const told = el("output", {}, item.weight === null ? "auto" : item.weight.toFixed(2));
    const range = el("input", {
      type: "range", min: "0", max: "1", step: "0.05", value: String(item.weight ?? 0.85), "aria-label": "Influence", "data-key": `weight-${index}`,
    });
    range.addEventListener("input", () => { item.weight = Number(range.value); told.textContent = item.weight.toFixed(2); this.changed(); });
    return el("label", { class: "weight", title: "Influence" }, range, told);
  }

  #open() {
    const file = el("button", { type: "button", "data-key": "file" }, "Choose a file");
    file.addEventListener("click", () => pick({ several: this.field.times > 1 }, (files) => files.forEach((one) => this.full || this.takeFile(one))));
    const result = el("button", { type: "button", "aria-haspopup": "dialog", "data-key": "result" }, "A result");
    result.addEventListener("click", () => chooseResult(result, {
      results: this.desk.results(), me: this.desk.me(), kind: this.kind, taken: (job) => this.takeJob(job),
    }));
    const typed = el("input", {
      type: "text", placeholder: this.takesFiles ? "or an address or id" : "or its id", "aria-label": `${this.field.label}: ${this.takesFiles ? "address or id" : "id"}`,
      spellcheck: "false", autocapitalize: "off", autocomplete: "off", "data-key": "typed", id: `field-${this.field.name}`,
    });
    typed.addEventListener("change", () => this.#takeText(typed.value.trim()));
    const empty = this.newest ? "Left empty: your newest here" : this.takesFiles ? "Drop, paste, or" : "";
    return el("div", { class: "slot open" }, empty && el("span", { class: "hint" }, empty), this.takesFiles && file, result, typed);
  }

  #takeText(text) {
    if (!text) return;
    const id = text.replace(/^#/, "").toLowerCase();
    const known = this.desk.results().find(({ job }) => job.id === id || short(job.id) === id);
    if (known) this.takeJob(known.job);
    else this.#add({ address: text, weight: null });
  }
}

function valueOf({ upload, job, address, weight }) {
  if (upload) return upload.token ? { file: upload.token, weight } : null;
  const text = job?.id ?? address;
  return weight === null ? text : `${text}@${weight}`;
}
