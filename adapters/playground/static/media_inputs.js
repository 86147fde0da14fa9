// Inputs for pictures, videos and jobs in a form: a file, one of the results, an address or an id.

import { el, shortId } from "./dom.js";
import { pick } from "./files.js";
import { openBeside } from "./menu.js";
import { Upload } from "./uploads.js";

// The inputs of one field: the given ones, and an empty one while the option allows more.
export class MediaInputs {
  constructor(field, { app, changed, newest, kind }) {
    Object.assign(this, { field, app, changed, newest, kind });
    this.items = [];
    this.node = el("div", { class: "inputs", role: "group", "aria-label": field.label });
    this.#show();
  }

  get full() {
    return this.items.length >= this.field.times;
  }

  get takesFiles() {
    return this.field.kind === "media";
  }

  // The value that is sent; null while there is none.
  get value() {
    const values = this.items.map(valueOf).filter((value) => value !== null);
    if (values.length === 0) return null;
    return this.field.times > 1 ? values : values[0];
  }

  get allUploaded() {
    return Promise.all(this.items.map((item) => item.upload?.done));
  }

  // What is wrong with one of the files; empty where nothing is.
  get problem() {
    const bad = this.items.find((item) => this.#problemOf(item));
    return bad ? `${bad.upload.name}: ${this.#problemOf(bad)}. Remove it, then send again.` : "";
  }

  #problemOf({ upload }) {
    if (upload?.state === "failed") return upload.error;
    const wrong = upload?.media && this.kind && upload.media.kind !== this.kind;
    return wrong ? `This is a ${upload.media.kind}, and a ${this.kind} is needed` : "";
  }

  // Whether a file may be of the kind that is needed, as far as is known before it is uploaded.
  accepts(file) {
    const kind = file.media?.kind ?? (/^video\//.test(file.type) ? "video" : /^image\//.test(file.type) ? "picture" : null);
    return !this.kind || !kind || kind === this.kind;
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
    const upload = file instanceof Upload ? file : new Upload(file, this.app.limits.file, () => this.#show());
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
    const { upload, job, frame, address } = item;
    const still = job?.media?.still ?? upload?.media?.still ?? upload?.preview;
    const name = job ? `${frame ? "First frame of " : ""}#${shortId(job.id)} ${job.alt ?? ""}` : upload?.name ?? address;
    const isVideo = !frame && (job?.media ?? upload?.media)?.kind === "video";
    const problem = this.#problemOf(item);
    const progress = part(upload);
    return el("div", { class: problem ? "media-input failed" : "media-input" },
      el("span", { class: isVideo ? "look is-video" : "look" }, still && el("img", { src: still, alt: "" })),
      el("span", { class: "words" }, el("span", { class: "name" }, name),
        (problem || progress) && el("span", { class: "state" }, problem || progress)),
      this.field.weighted && this.#weight(item, index),
      el("button", { type: "button", class: "remove", "aria-label": `Remove ${name}`, "data-key": `remove-${index}`, on: { click: () => this.#remove(item) } }, "×"));
  }

  #weight(item, index) {
    const shownWeight = el("output", {}, item.weight === null ? "auto" : item.weight.toFixed(2));
    const range = el("input", {
      type: "range", min: "0", max: "1", step: "0.05", value: String(item.weight ?? 0.85), "aria-label": `Influence of ${item.job ? `#${shortId(item.job.id)}` : item.upload?.name ?? item.address}`, "data-key": `weight-${index}`,
    });
    range.addEventListener("input", () => { item.weight = Number(range.value); shownWeight.textContent = item.weight.toFixed(2); this.changed(); });
    return el("span", { class: "weight", title: "Influence" }, range, shownWeight);
  }

  #open() {
    const file = el("button", { type: "button", "aria-label": `${this.field.label}: choose a file`, "data-key": "file" }, "Choose a file");
    file.addEventListener("click", () => pick({ several: this.field.times > 1, kind: this.kind }, (files) => files.forEach((one) => this.full || this.takeFile(one))));
    const result = el("button", {
      type: "button", "aria-label": `${this.field.label}: a result`, "aria-haspopup": "dialog", "data-key": "result",
    }, "A result");
    result.addEventListener("click", () => chooseResult(result, {
      results: this.app.results(), me: this.app.me(), kind: this.kind, onChoose: (job) => this.takeJob(job),
    }));
    const typed = el("input", {
      type: "text", placeholder: this.takesFiles ? "or an address or id" : "or an id", "aria-label": `${this.field.label}: ${this.takesFiles ? "address or id" : "id"}`,
      spellcheck: "false", autocapitalize: "off", autocomplete: "off", "data-key": "typed",
    });
    typed.addEventListener("change", () => this.#acceptText(typed.value.trim()));
    const empty = this.newest ? "Default: your newest result" : this.takesFiles ? "Drop, paste or" : "";
    return el("div", { class: "media-input open" }, empty && el("span", { class: "hint" }, empty), this.takesFiles && file, result, typed);
  }

  #acceptText(text) {
    if (!text) return;
    const id = text.replace(/^#/, "").toLowerCase();
    const known = this.app.results().find(({ job }) => job.id === id || shortId(job.id) === id);
    if (known) this.takeJob(known.job);
    else this.#add({ address: text, weight: null });
  }
}

// How far a file is uploaded; empty for one that is.
function part(upload) {
  if (!upload || upload.state !== "uploading") return "";
  return upload.part < 1 ? `${Math.round(upload.part * 100)} %` : "checking…";
}

// The text that names a job's result, or only the first frame of it.
export const nameOf = (job, frame) => `#${job}${frame ? "/first_frame" : ""}`;

function valueOf({ upload, job, frame, address, weight }) {
  if (upload) return upload.token ? { file: upload.token, weight } : null;
  const text = job ? nameOf(job.id, frame) : address;
  return weight === null ? text : `${text}@${weight}`;
}

const MAX_RESULTS = 60;

// Lets a person choose a finished result of the conversation, their own first. `kind` is "picture", "video" or null
// for both.
function chooseResult(anchor, { results, me, kind, onChoose }) {
  const fitting = results.filter(({ job }) => !kind || job.media.kind === kind).slice(0, MAX_RESULTS);
  const mine = fitting.filter(({ card }) => card.name === me);
  const others = fitting.filter(({ card }) => card.name !== me);
  const panel = el("div", { role: "dialog", "aria-label": "Choose a result", class: "result-picker" },
    group("Yours", mine), group("From others", others),
    fitting.length === 0 && el("p", { class: "empty-note" }, "No finished results here yet. You can enter an id from /history."));
  function group(name, list) {
    return list.length > 0 && [el("h3", {}, name), el("ul", {}, list.map(({ card, job }) => el("li", {}, tile(card, job))))];
  }
  function tile(card, job) {
    return el("button", {
      type: "button", title: card.title, "aria-label": `${card.title}, #${shortId(job.id)}`,
      on: { click: () => { panel.hidePopover(); onChoose(job); } },
    }, el("img", { src: job.media.still, alt: "", loading: "lazy" }), job.media.kind === "video" && el("span", { class: "film", "aria-hidden": "true" }, "▶"));
  }
  openBeside(anchor, panel);
  panel.querySelector("button")?.focus();
}
