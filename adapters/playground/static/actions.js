// The row of buttons under a result.

import { busy, el } from "./dom.js";
import { sizeOf } from "./job_media.js";
import { openMenu } from "./menu.js";
import { costOf, showPrice } from "./prices.js";

export function actions(job, card, app) {
  const mine = app.mayManage(card);
  const shown = job.actions.filter((action) => action !== "delete" || mine);
  // Cards of earlier versions have no decisions.
  const all = (card.decisions ?? []).map((one) => decisionButton(one, card, app));
  all.push(...shown.map((action) => actionButton(action, job, app)));
  if (mine) all.push(...cancelButtons(job, card, app));
  return all.length > 0 && el("div", { class: "actions", role: "group", "aria-label": "Actions" }, all);
}

// Cancel for the selected job, else for another one that still can be; and for all of them.
function cancelButtons(job, card, app) {
  const waiting = card.jobs.filter((one) => one.cancellable);
  const one = waiting.find(({ id }) => id === job.id) ?? waiting[0];
  const button = (key, label, command) => {
    const node = el("button", { type: "button", class: "quiet", "data-key": key }, label);
    node.addEventListener("click", () => busy(node, () => app.runFromButton(command)));
    return node;
  };
  const number = card.jobs.length > 1 ? ` ${card.jobs.indexOf(one) + 1}` : "";
  return [
    one && button("cancel", `Cancel${number}`, `/cancel ${one.id}`),
    waiting.length > 1 && button("cancel-all", "Cancel all waiting", `/cancel ${one.id} --all`),
  ].filter(Boolean);
}

function decisionButton(one, card, app) {
  const button = el("button", { type: "button", "data-key": one.decision, class: one.destructive ? "quiet" : "decide" },
    el("span", { class: "emoji", "aria-hidden": "true" }, one.emoji), el("span", { class: "name" }, one.label));
  button.addEventListener("click", () => busy(button, () => app.decide(one, card)));
  return button;
}

function actionButton(action, job, app) {
  const { emoji, label: name } = app.actions[action] ?? { emoji: "", label: action };
  const button = el("button", { type: "button", "data-key": action, class: `do-${action}` },
    el("span", { class: "emoji", "aria-hidden": "true" }, emoji), el("span", { class: "name" }, name));
  // Cards of earlier versions have no prices.
  const price = job.prices?.[action];
  showPrice(button, price, job.labels?.[action], app);
  button.addEventListener("click", () => {
    if (action === "reframe") chooseAspectRatio(button, job, app);
    else if (action === "edit") app.editPrompt(job);
    else busy(button, () => app.runAction(action, job.id, priceShown(price)));
  });
  if (action === "reframe") button.setAttribute("aria-haspopup", "menu");
  if (action === "edit" || action === "delete") button.setAttribute("aria-haspopup", "dialog");
  return button;
}

// The price that a click has seen, which the server asks about if it has risen.
export const priceShown = (price) => (price ? { price: price.microusd } : {});

function chooseAspectRatio(button, job, app) {
  const [width, height] = sizeOf(job);
  openMenu(button, "New aspect ratio", app.ratios.map((ratio) => ({
    label: [`Reframe to ${ratio.value}`, job.ratio_prices?.[ratio.value]?.text].filter(Boolean).join(" · "),
    content: [
      el("span", { class: "shape", "aria-hidden": "true" },
        el("span", { style: { "inline-size": `${scaled(ratio.width)}px`, "block-size": `${scaled(ratio.height)}px` } })),
      el("span", {}, ratio.value),
      el("span", { class: "size" }, Math.abs(ratio.width / ratio.height - width / height) < 0.02 ? "current" : `${ratio.width} × ${ratio.height}`),
      costOf(job.ratio_prices?.[ratio.value]),
    ].filter(Boolean),
    pick: () => busy(button, () => app.runAction("reframe", job.id, { aspect_ratio: ratio.value, ...priceShown(job.ratio_prices?.[ratio.value]) })),
  })));
}

const scaled = (pixels) => Math.round(pixels / 80);
