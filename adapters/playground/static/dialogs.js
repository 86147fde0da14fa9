// Modal dialogs. Esc closes them and returns the focus.

import { el } from "./dom.js";

let count = 0;

// Opens a dialog with a heading; `onClose` is called however it is closed.
export function openDialog({ heading, about, content, look = "", onClose = () => {} }) {
  count += 1;
  const title = `dialog-${count}`;
  const close = el("button", { type: "button", class: "close", "aria-label": "Close", on: { click: () => dialog.close() } }, "×");
  const dialog = el("dialog", { class: `sheet ${look}`, "aria-labelledby": title },
    el("header", {}, el("h2", { id: title }, heading), about && el("p", {}, about), close),
    content);
  dialog.addEventListener("close", () => { onClose(); dialog.remove(); });
  // Only a press that starts and ends on the backdrop closes: a text selection may also end there.
  dialog.addEventListener("pointerdown", (event) => { dialog.pressed = event.target === dialog; });
  dialog.addEventListener("click", (event) => { if (event.target === dialog && dialog.pressed) dialog.close(); });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

// Shows a confirmation question and returns the choice; closing the dialog chooses the harmless one.
export function confirm({ title, text, picture, alt = "", drawn = false, choices }) {
  return new Promise((resolve) => {
    let chosen = choices.find((one) => !one.confirms);
    const buttons = choices.map((one) => el("button", {
      type: "button", class: one.confirms ? `primary ${one.danger ? "danger" : ""}` : "secondary",
      on: {
        click: (event) => {
          // The second click of a double click was meant for the button that opened the dialog.
          if (one.confirms && event.detail > 1) return;
          chosen = one;
          dialog.close();
        },
      },
    }, one.label));
    const dialog = openDialog({
      heading: title, look: "small", onClose: () => resolve(chosen),
      content: el("div", {},
        picture && el("img", { class: drawn ? "about drawn" : "about", src: picture, alt }),
        text.split("\n").map((line) => el("p", { class: "question" }, line)),
        el("footer", {}, buttons)),
    });
    buttons[choices.indexOf(chosen)].focus();
  });
}

// Lets a person edit a prompt; `onSend` gets the new text.
export function editPrompt({ prompt, maxLength, price, onSend }) {
  const field = el("textarea", { id: "prompt-field", rows: "6", maxlength: String(maxLength), spellcheck: "true" });
  field.value = prompt;
  const counter = el("output", { class: "counter", for: "prompt-field" });
  const count = () => { counter.textContent = `${field.value.length} / ${maxLength}`; };
  field.addEventListener("input", count);
  count();
  const form = el("form", { class: "edit" },
    el("label", { for: "prompt-field" }, "Prompt"), field, counter,
    el("footer", {},
      el("button", { type: "button", class: "secondary", on: { click: () => dialog.close() } }, "Cancel"),
      el("button", { type: "submit", class: "primary" }, price ? `Create · ${price}` : "Create")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = field.value.trim();
    dialog.close();
    onSend(text);
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  const dialog = openDialog({ heading: "Edit prompt", about: "All other options stay the same.", content: form });
  field.focus();
  field.setSelectionRange(prompt.length, prompt.length);
  return dialog;
}
