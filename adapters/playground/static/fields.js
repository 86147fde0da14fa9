// The fields of a command's form, each made from the description of its option.

import { el } from "./dom.js";
import { MediaInputs } from "./media_inputs.js";

const TEXTAREA_FROM = 300;
// A form that is being closed is still in the page: ids are numbered so that none names two fields.
let count = 0;

// Every field has `node`, `value` (null where it is left empty), `draft` and `restore` to keep its content, and `mark`
// to say what is wrong with it.
export function fieldOf(field, context) {
  const made = makerOf(field)(field, context);
  made.mark = (text) => mark(made.node, text);
  return made;
}

function makerOf(field) {
  if (field.kind === "media" || field.kind === "job") return mediaField;
  if (field.suggestions.length > 0) return words;
  return { choice, flag, integer: number, decimal, money }[field.kind] ?? (field.longest > TEXTAREA_FROM ? prompt : text);
}

// An empty text ends the mark.
function mark(node, text) {
  const old = node.querySelector(":scope > .error");
  if (!text && !old) return;
  const control = node.querySelector(".input :is(input, select, textarea)") ?? node.querySelector(".inputs");
  old?.remove();
  node.classList.toggle("invalid", Boolean(text));
  const id = `${control.id || "inputs"}-error`;
  const about = (control.getAttribute("aria-describedby") ?? "").split(" ").filter((one) => one && one !== id);
  if (text) {
    node.append(el("p", { class: "error", id }, el("span", { class: "sign", "aria-hidden": "true" }, "!"), text));
    control.setAttribute("aria-invalid", "true");
    about.push(id);
  } else control.removeAttribute("aria-invalid");
  control.setAttribute("aria-describedby", about.join(" "));
}

function row(field, input, ...more) {
  count += 1;
  const id = `field-${field.name}-${count}`;
  input.id = id;
  if (field.required) input.setAttribute("aria-required", "true");
  input.setAttribute("aria-describedby", `${id}-about`);
  return el("div", { class: `field field-${field.kind}` },
    el("label", { for: id }, field.label, field.required && el("span", { class: "needed", "aria-hidden": "true" }, " *")),
    el("div", { class: "input" }, input, ...more),
    el("p", { class: "about", id: `${id}-about` }, field.about));
}

const plain = (field, input, node, read) => ({
  field, node,
  get value() { return read(input); },
  get draft() { return input.type === "checkbox" ? input.checked : input.value; },
  restore(value) {
    if (input.type === "checkbox") input.checked = value;
    else input.value = value;
    // The default has no value of its own.
    if (input.selectedIndex === -1) input.value = "";
    input.dispatchEvent(new Event("input"));
  },
  focus: () => input.focus(),
});

function choice(field, { changed }) {
  const unset = field.unset ?? (field.default ? `${field.default} (default)` : "automatic");
  const select = el("select", {},
    el("option", { value: "" }, field.required ? "Choose…" : unset),
    field.choices.map((one, index) => one !== field.default && el("option", { value: one }, field.notes[index] ? `${one}: ${field.notes[index]}` : field.labels[index] ?? one)));
  select.addEventListener("input", changed);
  const node = row(field, select);
  // The line about the chosen value stays readable when the select is closed.
  node.classList.toggle("wide", field.notes.length > 0);
  return plain(field, select, node, ({ value }) => (value && field.times > 1 ? [value] : value || null));
}

function flag(field, { changed }) {
  const box = el("input", { type: "checkbox", role: "switch" });
  // On by default: off has to be said then.
  const byDefault = field.default?.startsWith("yes") ?? false;
  box.checked = byDefault;
  box.addEventListener("input", changed);
  return plain(field, box, row(field, box), ({ checked }) => (checked === byDefault ? null : checked));
}

function number(field, { changed }) {
  const input = el("input", { type: "number", inputmode: "numeric", min: field.minimum, max: field.maximum, placeholder: field.default ?? "" });
  input.addEventListener("input", changed);
  return plain(field, input, row(field, input), ({ value }) => (value === "" ? null : Number.isInteger(Number(value)) ? Number(value) : value));
}

function decimal(field, { changed }) {
  const input = el("input", { type: "number", inputmode: "decimal", min: field.minimum, max: field.maximum, step: "any", placeholder: field.default ?? "" });
  input.addEventListener("input", changed);
  return plain(field, input, row(field, input), ({ value }) => value || null);
}

function money(field, { changed }) {
  const input = el("input", { type: "text", inputmode: "decimal", placeholder: "5 or 0.25", autocomplete: "off" });
  input.addEventListener("input", changed);
  return plain(field, input, row(field, input, el("span", { class: "unit" }, "$")), ({ value }) => value.trim() || null);
}

function text(field, { changed, app }) {
  const list = `list-${field.name}-${count}`;
  const people = field.kind === "member" ? el("datalist", { id: list }, app.people().map((name) => el("option", { value: name }))) : "";
  const input = el("input", { type: "text", maxlength: String(field.longest), autocomplete: "off", list: people ? list : null, placeholder: field.default ?? "" });
  input.addEventListener("input", changed);
  return plain(field, input, row(field, input, people), ({ value }) => value.trim() || null);
}

// A text with chips of words that can be put into it: several in a list, or one.
function words(field, { changed }) {
  const input = el("input", { type: "text", maxlength: String(field.longest), autocomplete: "off", spellcheck: "false" });
  const chips = el("div", { class: "chips", role: "group", "aria-label": `${field.label}: suggestions` });
  const several = field.listed;
  const given = () => (several ? input.value.split(/[,;\s]+/) : [input.value.trim()]).filter(Boolean);
  const typed = () => (several ? /[^,;\s]*$/.exec(input.value)[0] : input.value).toLowerCase().split(/[\s_]+/).filter(Boolean);
  const fits = (word) => typed().every((part) => word.toLowerCase().split(/[\s_]+/).some((one) => one.startsWith(part)));
  function toggle(word) {
    const kept = given();
    if (kept.includes(word)) input.value = kept.filter((one) => one !== word).join(", ");
    else input.value = several ? [...kept.filter((one) => field.suggestions.includes(one)), word].join(", ") : word;
    input.dispatchEvent(new Event("input"));
  }
  function show() {
    const kept = given();
    const found = field.suggestions.filter((word) => kept.includes(word) || fits(word));
    const shown = found.length > kept.length ? found : field.suggestions;
    const focused = chips.contains(document.activeElement) ? document.activeElement.textContent : null;
    chips.replaceChildren(...shown.map((word) => el("button", { type: "button", "aria-pressed": String(kept.includes(word)), on: { click: () => toggle(word) } }, word)));
    [...chips.children].find((chip) => chip.textContent === focused)?.focus();
  }
  input.addEventListener("input", () => { show(); changed(); });
  show();
  return plain(field, input, row(field, input, chips), ({ value }) => value.trim() || null);
}

function prompt(field, { changed }) {
  const area = el("textarea", { rows: "3", maxlength: String(field.longest), spellcheck: "true" });
  const counter = el("output", { class: "counter", "aria-live": "off" });
  const count = () => { counter.textContent = `${area.value.length} / ${field.longest}`; };
  area.addEventListener("input", () => { count(); changed(); });
  count();
  return plain(field, area, row(field, area, counter), ({ value }) => value.trim() || null);
}

function mediaField(field, { changed, app, newest }) {
  const newestDefault = newest?.option === field.name;
  const kind = field.result;
  const inputs = new MediaInputs(field, { app, changed, newest: newestDefault, kind });
  const name = el("span", { class: "legend" }, field.label, field.required && el("span", { class: "needed", "aria-hidden": "true" }, " *"));
  return {
    field, inputs,
    node: el("div", { class: `field field-${field.kind}` }, name, inputs.node, el("p", { class: "about" }, field.about)),
    get value() { return inputs.value; },
    get draft() { return inputs.draft; },
    restore: (items) => inputs.restore(items),
    focus: () => inputs.node.querySelector("button, input")?.focus(),
  };
}
