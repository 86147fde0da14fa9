// The page: begins with what the room holds, follows what changes, sends what people wish.

import { Problem, become, get, here, me, post, unanswered } from "./api.js";
import { Channels } from "./channels.js";
import { Composer } from "./composer.js";
import { Desk } from "./desk.js";
import { announce, byId, calm, el } from "./dom.js";
import { openCatalogue, openForm } from "./forms.js";
import { People } from "./people.js";
import { setClock } from "./progress.js";
import { carry as bring } from "./sending.js";
import { Stream } from "./stream.js";
import { Timeline } from "./timeline.js";
import { toast } from "./toasts.js";

const WELCOMES = {
  studio: {
    title: "What shall we picture?",
    text: "Say it in words and watch it develop. Start with one of these, or write your own below.",
    examples: [
      "/imagine a teddy bear with an electric guitar",
      "/imagine a paper boat on a sea of ink at dawn --ar 21:9",
      "/animate a lighthouse in a storm --loop",
      "/help",
    ],
  },
  dm: {
    title: "Between you and Reverie",
    text: "What you make here only you can see, and ✉️ under a result sends it here.",
    examples: ["/imagine an observatory inside a snow globe --ar 1:1", "/history", "/quota"],
  },
};
const LOST = "The connection is lost. Trying again; nothing you sent is lost.";
const NEAR = 160;
const RETRY = 2000;

const room = byId("room");
const banner = byId("banner");

const page = { dismiss };
const desk = new Desk({ carry, page });
const timelines = { studio: new Timeline(desk), dm: new Timeline(desk) };
page.channels = new Channels({ timelines, onSwitch: arrive });
page.people = new People({ onSwitch: (name) => { become(name); begin(); } });
page.composer = new Composer({ desk, words: () => page.channels.current.wordsOf(me()) });
const { channels, composer, people } = page;
const stream = new Stream({
  onMessage: take,
  onState: (connected, why = LOST) => say(connected ? "" : why),
});

async function begin() {
  stream.close();
  try {
    const state = await get("state");
    setClock(state.now);
    desk.set(state);
    people.set(state);
    Object.values(timelines).forEach((timeline) => timeline.clear());
    become(state.me.name);
    state.messages.filter((message) => message.kind !== "reaction").forEach(put);
    state.messages.filter((message) => message.kind === "reaction").forEach(put);
    channels.begin(state.me.name);
    arrive();
    stream.open(state.seq);
    say("");
  } catch (error) {
    if (error instanceof Problem && error.status < 500) return say(error.message);
    say("Reverie does not answer. Trying again…");
    setTimeout(begin, RETRY);
  }
}

const put = (message) => timelines[message.channel]?.apply(message);

// What a conversation is entered with: its end, its welcome, its quota.
function arrive() {
  const { title, text, examples } = WELCOMES[here()];
  byId("welcome-title").textContent = title;
  byId("welcome-text").textContent = text;
  byId("examples").replaceChildren(...examples.map((example) => el("li", {},
    el("button", { type: "button", on: { click: () => desk.run(example) } }, example))));
  byId("newer").hidden = true;
  composer.reply(null);
  settle();
  room.scrollTop = channels.current.empty ? 0 : room.scrollHeight;
  people.refreshQuota();
}

function take(message) {
  if (message.kind === "person") return people.add(message);
  const timeline = timelines[message.channel];
  if (!timeline) return;
  const looking = timeline === channels.current;
  const low = room.scrollHeight - room.scrollTop - room.clientHeight < NEAR;
  const known = timeline.nodes.size;
  const change = timeline.apply(message);
  const more = timeline.nodes.size > known;
  if (change) tell(change);
  if (message.kind === "note" && !message.gone && more) {
    announce(`${message.to ? "Only for you: " : ""}${message.title}. ${message.text}`);
    if (message.said.startsWith("/quotas ")) people.refreshQuota();
  }
  channels.count();
  settle();
  if (!looking) return;
  if (low) room.scrollTop = room.scrollHeight;
  else if (more) byId("newer").hidden = false;
}

const ended = (job) => job.tone !== "waiting" && job.tone !== "running";

function tell({ before, card }) {
  const mine = card.name === people.me.name;
  if (!before && !mine) announce(`${card.name} asks for ${card.title}`);
  let moved = !before;
  for (const job of card.jobs) {
    const earlier = before?.jobs.find((one) => one.id === job.id);
    if (!ended(job) || !earlier || ended(earlier)) continue;
    moved = true;
    announce(job.tone === "done" ? `${card.name}’s ${job.media?.kind ?? "picture"} is ready: ${job.alt}` : `${job.alt}: ${job.headline}`);
    if (document.hidden) document.title = "● Reverie";
  }
  // Money moves when a job is taken in and when it ends, and not in between.
  if (mine && moved) people.refreshQuota();
}

function settle() {
  byId("welcome").hidden = !channels.current.empty;
}

async function carry(one) {
  try {
    const answer = await bring(one);
    if (!answer) return;
    answer.messages.forEach(take);
    if (answer.toast) toast(answer.toast);
    if (answer.question) desk.decide(answer.question);
    const card = answer.messages.find((message) => message.kind === "card");
    // A reaction that counted already made its card a while ago.
    if (answer.repeated && card && channels.current.reveal(card.jobs[0].id)) return;
    if (answer.messages.length) toEnd();
  } catch (error) {
    say(error instanceof Problem ? error.message : "This could not be sent");
    const sent = desk.sent.get(one.body.key);
    if (composer.empty && one.body.text && !one.body.pressed) composer.restore(one.body.text, sent?.uploads);
  }
}

function dismiss(id) {
  channels.current.apply({ kind: "note", id, gone: true, cards: [], files: [], said: "" });
  byId("words").focus();
  settle();
  post("dismiss", { id }).catch(() => say("This could not be dismissed; it will be back after a reload"));
}

function toEnd() {
  room.scrollTo({ top: room.scrollHeight, behavior: calm() ? "auto" : "smooth" });
}

function say(text) {
  banner.textContent = text;
  banner.hidden = !text;
}

// Opens a command's form with what stands in the composer.
function fillIn(command) {
  const words = byId("words").value.trim().replace(new RegExp(String.raw`^/${command.name}\b\s*`), "");
  const longest = command.fields.find((field) => field.longest >= desk.limits.prompt);
  const plain = words && !words.startsWith("/") && !/(^|\s)(--|—|–)\w/.test(words);
  const begin = longest && plain ? { [longest.name]: words } : {};
  const files = command.takes.length ? composer.attachments.take() : [];
  openForm(command, desk, { begin, files, replied: composer.replied });
  if (plain && longest) composer.write("");
}

byId("forms").addEventListener("click", () => openCatalogue(byId("forms"), desk.commands(), fillIn));
byId("newer").addEventListener("click", toEnd);
room.addEventListener("scroll", () => {
  if (room.scrollHeight - room.scrollTop - room.clientHeight < NEAR) byId("newer").hidden = true;
});
document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  document.title = "Reverie";
  if (people.me) channels.count();
});
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select, [popover], dialog");
  if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  composer.write(composer.empty ? "/" : byId("words").value);
});

await begin();
byId("words").focus({ preventScroll: true });
unanswered().forEach(carry);
