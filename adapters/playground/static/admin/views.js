// Parts that the sections are built of: blocks, lists that keep the focus, tables, pages and answers.

import { busy, el, replyFile, withMoments } from "../dom.js";
import { announce } from "../notices.js";

let count = 0;

// A part of a section with a heading; its heading takes the focus where what had it is gone.
export function block(heading, { about, look = "" } = {}, ...content) {
  count += 1;
  const id = `block-${count}`;
  return el("section", { class: `block ${look}`, "aria-labelledby": id },
    el("header", {}, el("h3", { id, tabindex: "-1" }, heading), about && el("p", {}, about)),
    ...content);
}

// Fills a node anew; the focus stays on the control with the same `data-key`.
export function refill(node, ...content) {
  const active = node.contains(document.activeElement) ? document.activeElement : null;
  node.replaceChildren(...content.flat().filter(Boolean));
  if (!active) return;
  const same = active.dataset.key && node.querySelector(`[data-key="${CSS.escape(active.dataset.key)}"]`);
  (same ?? node.closest(".block")?.querySelector("h3"))?.focus({ preventScroll: true });
}

// A list of a section: `draw(data, answers)` makes its content, and the last answer is shown beside its control.
export class List {
  constructor(draw) {
    this.draw = draw;
    this.node = el("div", { class: "list" });
    this.answer = null;
  }

  // Draws again only what has changed, so that a selection stays.
  show(data) {
    const seen = JSON.stringify([data, this.answer, location.hash]);
    if (seen === this.seen) return;
    this.seen = seen;
    this.data = data;
    this.redraw();
  }

  redraw() {
    let shown = false;
    const at = (key) => {
      if (this.answer?.key !== key) return null;
      shown = true;
      return answerNode(this.answer);
    };
    const content = [this.draw(this.data, at)].flat();
    // What it was about may be gone from the list.
    refill(this.node, this.answer && !shown ? answerNode(this.answer) : null, ...content);
  }

  // Shows an answer beside the control `key`, also once the list is read again.
  say(key, answer) {
    this.answer = { key, ...answer };
    announce(spoken(answer));
    if (this.data) this.show(this.data);
  }
}

const spoken = ({ title, text }) => withMoments([title, text].filter(Boolean).join(". "));

export function answerNode({ refused, title, text, facts = [], file = null }) {
  return el("div", { class: refused ? "answer refused" : "answer" },
    title && !refused && el("b", {}, title),
    text && withMoments(text).split("\n").map((line) => el("p", {}, line)),
    file && replyFile(file),
    factsNode(facts));
}

export const factsNode = (facts) => facts.length > 0 && el("dl", { class: "table" },
  facts.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, withMoments(value)))));

// A small button; `key` names it beyond the next refresh.
export function button(label, key, onClick, { look = "", name = null } = {}) {
  const node = el("button", { type: "button", class: `small ${look}`, "data-key": key, "aria-label": name }, label);
  node.addEventListener("click", () => busy(node, () => onClick(node)));
  return node;
}

const hidden = (text) => el("span", { class: "visually-hidden" }, text);

// `columns` are {name, look}; the one of the buttons has no name. `rows` are {cells, answer}. On a narrow screen each row
// is a card of its own.
export function table(label, columns, rows) {
  return el("table", { class: "rows", role: "table", "aria-label": label },
    el("thead", { role: "rowgroup" }, el("tr", { role: "row" },
      columns.map(({ name, look }) => el("th", { role: "columnheader", scope: "col", class: look }, name || hidden("Actions"))))),
    el("tbody", { role: "rowgroup" }, rows.flatMap(({ cells, answer }) => [
      el("tr", { role: "row" }, cells.map((cell, index) => el("td", {
        role: "cell", class: columns[index].look, "data-label": columns[index].name,
      }, el("div", { class: "cell" }, cell)))),
      answer && el("tr", { role: "row", class: "beside" }, el("td", { role: "cell", colspan: String(columns.length) }, answer)),
    ])));
}

export const empty = (...content) => el("p", { class: "empty" }, content);

// The way to the other pages of a list; nothing where there is only one.
export function pager({ page, more }, go, label) {
  if (page === 1 && !more) return null;
  return el("nav", { class: "pager", "aria-label": label },
    page > 1 && button("← Previous", "previous", () => go(page - 1)),
    el("span", {}, `Page ${page}`),
    more && button("Next →", "next", () => go(page + 1)));
}

const SHORT = { day: "today", week: "this week", month: "this month" };

// What of a limit is used and reserved, as a bar.
function meter(limit) {
  const whole = limit.amount.value + limit.granted.value;
  const share = (amount) => `${whole > 0 ? Math.min(100, (amount.value / whole) * 100).toFixed(1) : 0}%`;
  return el("span", { class: "gauge", "aria-hidden": "true" },
    el("span", { class: "used", style: { "inline-size": share(limit.used) } }),
    el("span", { class: "reserved", style: { "inline-size": share(limit.reserved) } }));
}

// The numbers of a limit in one line.
function limitLine(limit) {
  const reserved = limit.reserved.value > 0 && ` · ${limit.reserved.text} reserved`;
  const granted = limit.granted.value > 0 && ` and ${limit.granted.text} granted`;
  return [el("b", {}, limit.left.text), " left of ", limit.amount.text, granted, ` ${SHORT[limit.period]} · ${limit.used.text} used`, reserved].filter(Boolean);
}

const CAPS = { workspace: "Cap of this workspace", ceiling: "Budget from the operator", group: "Budget shared with other workspaces" };

// What limits the workspace as a whole.
export const limitsList = (limits) => el("ul", { class: "limits" }, limits.map((limit) => el("li", {},
  el("span", { class: "limit-name" }, `${CAPS[limit.level]}, each ${limit.period}`), meter(limit), el("span", {}, limitLine(limit)))));

export const setBy = ({ by }) => (by ? `set by ${by}` : "");
