// What can be done with a result, as one row of buttons.

import { el } from "./dom.js";
import { sizeOf } from "./frame.js";
import { openMenu } from "./menu.js";

export function actions(job, card, desk) {
  const mine = desk.mayManage(card);
  const shown = job.actions.filter((action) => action !== "delete" || mine);
  const all = shown.map((action) => actionButton(action, job, desk));
  if (job.cancellable && mine) {
    const cancel = el("button", { type: "button", class: "quiet", "data-key": "cancel" }, "Cancel");
    cancel.addEventListener("click", () => busy(cancel, () => desk.press(`/cancel ${job.id}`)));
    all.push(cancel);
  }
  return all.length > 0 && el("div", { class: "actions", role: "group", "aria-label": "What to do with it" }, all);
}

function actionButton(action, job, desk) {
  const { emoji, label: name } = desk.actions[action] ?? { emoji: "", label: action };
  const button = el("button", { type: "button", "data-key": action, class: `do-${action}` },
    el("span", { class: "emoji", "aria-hidden": "true" }, emoji), el("span", { class: "name" }, name));
  button.addEventListener("click", () => {
    if (action === "reframe") chooseFrame(button, job, desk);
    else if (action === "edit") desk.edit(job);
    else busy(button, () => desk.act(action, job.id));
  });
  if (action === "reframe") button.setAttribute("aria-haspopup", "menu");
  if (action === "edit" || action === "delete") button.setAttribute("aria-haspopup", "dialog");
  return button;
}

// Once at a time. The button is not disabled: that would take the focus away from it.
export async function busy(button, start) {
  if (button.hasAttribute("aria-busy")) return;
  button.setAttribute("aria-busy", "true");
  await start();
  button.removeAttribute("aria-busy");
}

function chooseFrame(button, job, desk) {
  const [width, height] = sizeOf(job);
  openMenu(button, "New frame", desk.ratios.map((ratio) => ({
    label: `Reframe to ${ratio.value}`,
    content: [
      el("span", { class: "shape", "aria-hidden": "true" },
        el("span", { style: { "inline-size": `${scaled(ratio.width)}px`, "block-size": `${scaled(ratio.height)}px` } })),
      el("span", {}, ratio.value),
      el("span", { class: "size" }, Math.abs(ratio.width / ratio.height - width / height) < 0.02 ? "as it is" : `${ratio.width} × ${ratio.height}`),
    ],
    pick: () => busy(button, () => desk.act("reframe", job.id, { aspect_ratio: ratio.value })),
  })));
}

const scaled = (pixels) => Math.round(pixels / 80);
