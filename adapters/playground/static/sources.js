// Choosing one of the results of a conversation, one's own first.

import { el } from "./dom.js";
import { openBeside } from "./menu.js";
import { short } from "./label.js";

const MOST = 60;

// `kind` is "picture", "video" or null for both; `taken` gets the job.
export function chooseResult(anchor, { results, me, kind, taken }) {
  const fitting = results.filter(({ job }) => !kind || job.media.kind === kind).slice(0, MOST);
  const mine = fitting.filter(({ card }) => card.name === me);
  const others = fitting.filter(({ card }) => card.name !== me);
  const panel = el("div", { role: "dialog", "aria-label": "Choose a result", class: "sources" },
    shelf("Yours", mine), shelf("From others", others),
    fitting.length === 0 && el("p", { class: "none" }, "Nothing finished here yet. An id from /history works too."));
  function shelf(name, list) {
    return list.length > 0 && [el("h3", {}, name), el("ul", {}, list.map(({ card, job }) => el("li", {}, tile(card, job))))];
  }
  function tile(card, job) {
    return el("button", {
      type: "button", title: card.title, "aria-label": `${card.title}, #${short(job.id)}`,
      on: { click: () => { panel.hidePopover(); taken(job); } },
    }, el("img", { src: job.media.still, alt: "", loading: "lazy" }), job.media.kind === "video" && el("span", { class: "film", "aria-hidden": "true" }, "▶"));
  }
  openBeside(anchor, panel);
  panel.querySelector("button")?.focus();
}
