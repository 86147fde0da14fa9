// The page: begins with what the room holds, follows what changes, sends what people wish.

import { Problem, become, get, me, post, send, unanswered, wish } from "./api.js";
import { Timeline } from "./cards.js";
import { Composer } from "./composer.js";
import { announce, byId, calm, el } from "./dom.js";
import { People } from "./people.js";
import { setClock } from "./progress.js";
import { Stream } from "./stream.js";

const EXAMPLES = [
  "/imagine a teddy bear with an electric guitar",
  "/imagine a paper boat on a sea of ink at dawn --ar 21:9",
  "/imagine an observatory inside a snow globe --ar 1:1",
  "/help",
];
const NEAR = 160;
const RETRY = 2000;

const room = byId("room");
const banner = byId("banner");

// What cards and notes may ask of the page.
const desk = {
  actions: {},
  ratios: [],
  mayManage: (card) => people.me.admin || card.member === `playground:main:${people.me.name}`,
  run: (text) => carry(wish("command", { text }, text)),
  act: (action, job, ratio) => {
    const { emoji, label } = desk.actions[action];
    return carry(wish("action", { action, job, ...(ratio && { aspect_ratio: ratio }) }, `${emoji} ${label} ${ratio ?? ""}`));
  },
  reveal: (job) => timeline.reveal(job) || desk.run(`/show ${job}`),
  write: (text) => composer.write(text),
  dismiss: (id) => {
    timeline.apply({ kind: "note", id, gone: true, cards: [], said: "" });
    byId("words").focus();
    settle();
    post("dismiss", { id }).catch(() => say("This could not be dismissed; it will be back after a reload"));
  },
};
const timeline = new Timeline(byId("messages"), desk);
const people = new People({ onSwitch: (name) => { become(name); begin(); } });
const composer = new Composer({ onSend: desk.run, words: () => timeline.wordsOf(people.me.name) });
const stream = new Stream({
  onMessage: take,
  onState: (connected) => say(connected ? "" : "The connection is lost. Trying again; nothing you sent is lost."),
});

async function begin() {
  stream.close();
  try {
    const state = await get("state");
    become(state.me.name);
    setClock(state.now);
    Object.assign(desk, { actions: state.actions, ratios: state.ratios });
    people.set(state);
    timeline.clear();
    state.messages.forEach((message) => timeline.apply(message));
    settle();
    room.scrollTop = timeline.empty ? 0 : room.scrollHeight;
    stream.open(state.seq);
    say("");
  } catch (error) {
    if (error instanceof Problem && error.status < 500) return say(error.message);
    say("The studio does not answer. Trying again…");
    setTimeout(begin, RETRY);
  }
}

function take(message) {
  if (message.kind === "person") return people.add(message);
  const low = room.scrollHeight - room.scrollTop - room.clientHeight < NEAR;
  const known = timeline.nodes.size;
  const change = timeline.apply(message);
  if (change) tell(change);
  if (message.kind === "note" && !message.gone && timeline.nodes.size > known) {
    announce(`Only for you: ${message.title}. ${message.text}`);
    if (message.said.startsWith("/quotas ")) people.refreshQuota();
  }
  settle();
  if (low) room.scrollTop = room.scrollHeight;
  else if (timeline.nodes.size > known) byId("newer").hidden = false;
}

const ended = (job) => job.tone !== "waiting" && job.tone !== "running";

function tell({ before, card }) {
  const mine = card.name === people.me.name;
  if (!before && !mine) announce(`${card.name} pictures ${card.title}`);
  let moved = !before;
  for (const job of card.jobs) {
    const earlier = before?.jobs.find((one) => one.id === job.id);
    if (!ended(job) || !earlier || ended(earlier)) continue;
    moved = true;
    announce(job.tone === "done" ? `${card.name}’s picture is ready: ${job.alt}` : `${job.alt}: ${job.headline}`);
    if (document.hidden) document.title = "● Reverie";
  }
  // Money moves when a job is taken in and when it ends, and not in between.
  if (mine && moved) people.refreshQuota();
}

function settle() {
  byId("welcome").hidden = !timeline.empty;
}

// Sends a wish until it is answered, and shows it on its way for as long as that takes.
async function carry(one) {
  const line = el("li", {}, el("span", {}, one.label), el("em", {}, "sending…"));
  const sending = byId("sending");
  const late = setTimeout(() => { sending.append(line); sending.hidden = false; }, 400);
  const by = me();
  try {
    const answer = await send(one, () => { line.lastChild.textContent = "trying again…"; });
    if (by !== me()) return;
    answer.messages.forEach(take);
    toEnd();
  } catch (error) {
    say(error instanceof Problem ? error.message : "This could not be sent");
    if (composer.empty) composer.write(one.label.startsWith("/") ? one.label : "");
  } finally {
    clearTimeout(late);
    line.remove();
    sending.hidden = sending.childElementCount === 0;
  }
}

function toEnd() {
  room.scrollTo({ top: room.scrollHeight, behavior: calm() ? "auto" : "smooth" });
}

function say(text) {
  banner.textContent = text;
  banner.hidden = !text;
}

byId("newer").addEventListener("click", toEnd);
room.addEventListener("scroll", () => {
  if (room.scrollHeight - room.scrollTop - room.clientHeight < NEAR) byId("newer").hidden = true;
});
document.addEventListener("visibilitychange", () => { if (!document.hidden) document.title = "Reverie"; });
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, [popover], dialog");
  if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  composer.write(composer.empty ? "/" : byId("words").value);
});
byId("examples").append(...EXAMPLES.map((text) => el("li", {},
  el("button", { type: "button", on: { click: () => desk.run(text) } }, text))));

await begin();
byId("words").focus({ preventScroll: true });
unanswered().forEach(carry);
