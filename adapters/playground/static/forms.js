// A dialog for each command, with a field for each option.

import { PriceQuotes } from "./api.js";
import { openDialog } from "./dialogs.js";
import { el, reducedMotion, shortId } from "./dom.js";
import { fieldOf } from "./fields.js";
import { receive } from "./files.js";
import { FramingPreview } from "./framing.js";
import { openMenu } from "./menu.js";
import { announce } from "./notices.js";

// Forms that were filled in but not sent, by command, while the page is open.
const unsent = new Map();

export function openCommandMenu(anchor, commands, choose) {
  openMenu(anchor, "Commands", commands.map((command) => ({
    label: `/${command.name}`,
    content: [
      el("span", { class: "name" }, `/${command.name}`), el("span", { class: "about" }, command.about),
      command.admins && el("span", { class: "badge" }, "admin")].filter(Boolean),
    pick: () => choose(command),
  })), { look: "catalogue" });
}

// `drafts` are contents of fields by name; `files` go to the fields that take files. A `fresh` form has no content of
// an earlier one that was not sent.
export function openForm(command, app, { drafts = {}, files = [], replied = null, fresh = false } = {}) {
  const status = el("p", { class: "quote", role: "status" });
  const send = el("button", { type: "submit", class: "primary" }, "Send");
  const prices = new PriceQuotes(({ price, refusal, short = false }) => {
    status.classList.toggle("problem", Boolean(refusal));
    status.classList.toggle("short", short);
    status.replaceChildren(price ? el("b", {}, app.priceText(price)) : "", refusal ? ` ${refusal}` : "");
    app.warnBalance(short);
  });
  const preview = command.places.length > 0 ? new FramingPreview(command.places) : null;
  // Says why nothing was sent, beside the field at fault.
  function refuse(reason, field) {
    status.classList.add("problem");
    status.replaceChildren(reason);
    if (!field) return send.focus();
    field.mark(reason);
    const folded = field.node.closest("details");
    if (folded) folded.open = true;
    field.focus();
  }
  let ready = false;
  function changed() {
    fields.forEach((field) => field.mark(""));
    if (!ready || !command.makes) return;
    const written = { command: command.name, values: valuesOf(fields), replied: replied?.id };
    prices.ask(written);
    preview?.ask(written);
  }
  const fields = [];
  fields.push(...command.fields.map((field) => fieldOf(field, { app, changed, newest: command.newest })));
  const form = el("form", { novalidate: true }, body(fields), preview?.node, el("footer", {}, status, el("button", { type: "button", class: "secondary", on: { click: () => dialog.close() } }, "Cancel"), send));
  let sent = false;
  const stop = receive((found, target) => distributeFiles(found, fields, target, command));
  const dialog = openDialog({
    heading: `/${command.name}`, about: replied ? `${command.about} · replying to #${shortId(replied.id)}` : command.about, content: form, look: "form",
    onClose: () => {
      stop();
      preview?.close();
      app.warnBalance(false);
      if (sent) unsent.delete(command.name);
      else unsent.set(command.name, draftOf(fields));
    },
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (send.hasAttribute("aria-busy")) return;
    send.setAttribute("aria-busy", "true");
    await Promise.all(fields.map((field) => field.inputs?.allUploaded));
    const bad = fields.find((field) => field.inputs?.problem);
    const quote = bad ? { refusal: bad.inputs.problem } : await prices.of({ command: command.name, values: valuesOf(fields), replied: replied?.id });
    send.removeAttribute("aria-busy");
    if (!dialog.open) return;
    if (quote.refusal) return refuse(quote.refusal, bad ?? fields.find(({ field }) => field.name === quote.option));
    sent = true;
    const previewed = preview?.current ?? false;
    dialog.close();
    app.submitForm(command, valuesOf(fields), { replied, draft: draftOf(fields), previewed });
  });
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  restore(fields, fresh ? drafts : { ...unsent.get(command.name), ...drafts });
  if (files.length) distributeFiles(files, fields, null, command);
  ready = true;
  changed();
  (fields[0] ?? { focus: () => send.focus() }).focus();
  return dialog;
}

function body(fields) {
  const main = fields.filter(({ field }) => field.main);
  const more = fields.filter(({ field }) => !field.main);
  if (fields.length === 0) return el("p", { class: "question" }, "This command has no options.");
  const rest = more.length > 0 && el("details", {}, el("summary", {}, "More options"), el("div", { class: "fields" }, more.map(({ node }) => node)));
  if (rest) rest.addEventListener("toggle", () => rest.open && rest.scrollIntoView({ block: "start", behavior: reducedMotion() ? "auto" : "smooth" }));
  return el("div", { class: "fields" }, main.map(({ node }) => node), rest);
}

const valuesOf = (fields) => Object.fromEntries(fields.map(({ field, value }) => [field.name, value]).filter(([, value]) => value !== null));

const draftOf = (fields) => Object.fromEntries(fields.map(({ field, draft }) => [field.name, draft]));

function restore(fields, values) {
  for (const one of fields) {
    const value = values[one.field.name];
    if (value !== undefined && (!Array.isArray(value) || value.length)) one.restore(value);
  }
}

// Files go to the field that they were dropped on, else to the empty ones in the order of the options.
function distributeFiles(files, fields, target, command) {
  const mediaFields = fields.filter((one) => one.inputs?.takesFiles);
  const aimed = target && mediaFields.find((one) => one.node.contains(target));
  const order = aimed ? [aimed] : command.takes.map((name) => mediaFields.find((one) => one.field.name === name));
  let rest = [...files];
  for (const one of [...order, ...mediaFields]) {
    if (!one) continue;
    const left = [];
    for (const file of rest) {
      if (one.inputs.accepts(file) && (!one.inputs.full || (one === aimed && rest.length === files.length))) one.inputs.takeFile(file);
      else left.push(file);
    }
    rest = left;
  }
  if (rest.length) announce(`/${command.name} accepts no more files`);
}
