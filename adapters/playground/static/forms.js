// A dialog for each command, its fields derived from the catalogue. It sends what a typed command would mean.

import { announce, calm, el } from "./dom.js";
import { openDialog } from "./dialogs.js";
import { fieldOf } from "./fields.js";
import { receive } from "./files.js";
import { short } from "./label.js";
import { openMenu } from "./menu.js";
import { Pricing } from "./pricing.js";

// What was filled in and not sent, by command, for as long as the page is open.
const drafts = new Map();

export function openCatalogue(anchor, commands, choose) {
  openMenu(anchor, "Commands", commands.map((command) => ({
    label: `/${command.name}`,
    content: [
      el("span", { class: "name" }, `/${command.name}`), el("span", { class: "about" }, command.about),
      command.admins && el("span", { class: "badge" }, "admin")].filter(Boolean),
    pick: () => choose(command),
  })), { look: "catalogue" });
}

// `begin` holds drafts of fields by name, and `files` for the places that take them.
export function openForm(command, desk, { begin = {}, files = [], replied = null } = {}) {
  const status = el("p", { class: "quote", role: "status" });
  const send = el("button", { type: "submit", class: "primary" }, "Send");
  const pricing = new Pricing(({ price, refusal }) => {
    status.classList.toggle("problem", Boolean(refusal));
    status.replaceChildren(price ? el("b", {}, price) : "", refusal ?? "");
  });
  let ready = false;
  const changed = () => ready && command.makes && pricing.ask({ command: command.name, values: valuesOf(fields), replied: replied?.id });
  const fields = command.fields.map((field) => fieldOf(field, { desk, changed, newest: command.newest }));
  const form = el("form", { novalidate: true }, body(fields), el("footer", {}, status, el("button", { type: "button", class: "secondary", on: { click: () => dialog.close() } }, "Cancel"), send));
  let sent = false;
  const stop = receive((found, target) => spread(found, fields, target, command));
  const dialog = openDialog({
    heading: `/${command.name}`, about: replied ? `${command.about} · replying to #${short(replied.id)}` : command.about, content: form, look: "form",
    onClose: () => {
      stop();
      if (sent) drafts.delete(command.name);
      else drafts.set(command.name, draftOf(fields));
    },
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    send.setAttribute("aria-busy", "true");
    await Promise.all(fields.map((field) => field.slots?.settled));
    send.removeAttribute("aria-busy");
    if (!dialog.open) return;
    if (fields.some((field) => field.slots?.failed)) return announce("Remove the file that did not arrive, then send again");
    sent = true;
    dialog.close();
    desk.fill(command, valuesOf(fields), { replied, draft: draftOf(fields) });
  });
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  restore(fields, { ...drafts.get(command.name), ...begin });
  if (files.length) spread(files, fields, null, command);
  ready = true;
  changed();
  (fields[0] ?? { focus: () => send.focus() }).focus();
  return dialog;
}

function body(fields) {
  const main = fields.filter(({ field }) => field.main);
  const more = fields.filter(({ field }) => !field.main);
  if (fields.length === 0) return el("p", { class: "question" }, "There is nothing to choose.");
  const rest = more.length > 0 && el("details", {}, el("summary", {}, "More"), el("div", { class: "fields" }, more.map(({ node }) => node)));
  if (rest) rest.addEventListener("toggle", () => rest.open && rest.scrollIntoView({ block: "start", behavior: calm() ? "auto" : "smooth" }));
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

// Files go to the place that they were dropped on, else to the empty ones in the catalogue's order.
function spread(files, fields, target, command) {
  const places = fields.filter((one) => one.slots?.takesFiles);
  const aimed = target && places.find((one) => one.node.contains(target));
  const order = aimed ? [aimed] : command.takes.map((name) => places.find((one) => one.field.name === name));
  const rest = [...files];
  for (const one of [...order, ...places]) {
    while (rest.length && one && (!one.slots.full || (one === aimed && rest.length === files.length))) one.slots.takeFile(rest.shift());
  }
  if (rest.length) announce(`/${command.name} takes no more files`);
}
