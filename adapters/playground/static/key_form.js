// The dialog for the workspace's own API key. The key is sent once and kept nowhere in this tab.

import { openDialog } from "./dialogs.js";
import { el } from "./dom.js";

// A key that is typed after the command is replaced before it leaves the field; the server refuses the command.
export const withoutTypedKey = (text) =>
  text.replace(/^(\s*\/?studio\s+key\s+)(?!(?:--action[\s=]+)?["'“”„«»‘’]?(?:show|set|remove)["'“”„«»‘’]?\s*$)\S[^]*$/i, "$1•••");

// Asks for the key; `onSend` gets it.
export function askForKey({ title, text, label, maxLength, onSend }) {
  const field = el("input", {
    id: "key-field", type: "password", name: "api-key", autocomplete: "off", spellcheck: "false", maxlength: String(maxLength), required: true,
  });
  const form = el("form", { class: "edit key" },
    text.split("\n").map((line) => el("p", {}, line)),
    el("label", { for: "key-field" }, label), field,
    el("footer", {},
      el("button", { type: "button", class: "secondary", on: { click: () => dialog.close() } }, "Cancel"),
      el("button", { type: "submit", class: "primary" }, "Set")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const key = field.value.trim();
    field.value = "";
    dialog.close();
    if (key) onSend(key);
  });
  const dialog = openDialog({ heading: title, look: "small", content: form });
  field.focus();
  return dialog;
}
