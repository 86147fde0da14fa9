// The page: loads the conversations, follows their changes and sends commands.

import { ApiError, currentChannel, get, me, post, setMe } from "./api.js";
import { AppActions } from "./app_actions.js";
import { Channels } from "./channels.js";
import { Composer } from "./composer.js";
import { byId, el } from "./dom.js";
import { openCommandMenu, openForm } from "./forms.js";
import { enlarge } from "./lightbox.js";
import { announce, pageSeen, showBanner, tellEnded, toast } from "./notices.js";
import { submit, unanswered } from "./outbox.js";
import { People } from "./people.js";
import { setClock } from "./progress.js";
import * as reading from "./reading.js";
import { Stream } from "./stream.js";
import { Timeline } from "./timeline.js";

const WELCOMES = {
  studio: {
    title: "What should the picture show?",
    text: "Describe it in words. Start with one of these commands, or write your own below.",
    examples: [
      "/imagine a teddy bear with an electric guitar",
      "/imagine a paper boat on a sea of ink at dawn --ar 21:9",
      "/animate a lighthouse in a storm --loop",
      "/help",
    ],
  },
  dm: {
    title: "Direct messages",
    text: "Only you can see what you make here. ✉️ under a result sends a copy of it here.",
    examples: ["/imagine an observatory inside a snow globe --ar 1:1", "/history", "/quota"],
  },
};
const PLACEHOLDERS_HIDDEN = "reverie.placeholders-hidden";
const LOST = "The connection is lost. Reconnecting… Nothing you sent is lost.";
const RETRY_DELAY = 2000;

const page = { dismiss, dismissAll, openCommandForm, receive };
const app = new AppActions({ send, page });
const timelines = { studio: new Timeline(app), dm: new Timeline(app) };
page.channels = new Channels({ timelines, onSwitch: showConversation });
page.people = new People({ onSwitch: (name) => { setMe(name); start(); } });
page.composer = new Composer({ app, history: () => page.channels.current.commandsOf(me()) });
const { channels, composer, people } = page;
const stream = new Stream({
  onMessage: receiveMessage,
  onState: (connected, reason = LOST) => showBanner(connected ? "" : reason),
});

async function start() {
  stream.close();
  try {
    const state = await get("state");
    setClock(state.now);
    app.set(state);
    people.set(state);
    showPlaceholderLine(state.simulated);
    Object.values(timelines).forEach((timeline) => timeline.clear());
    setMe(state.me.name);
    app.markLoaded();
    // A card is drawn once where its command is known before, and reactions need their card.
    const first = state.messages.filter(({ kind }) => kind === "said");
    const last = state.messages.filter(({ kind }) => kind === "reaction");
    const others = state.messages.filter(({ kind }) => kind !== "said" && kind !== "reaction");
    [...first, ...others, ...last].forEach(applyMessage);
    channels.start(state.me.name);
    showConversation();
    stream.open(state.seq);
    showBanner("");
  } catch (error) {
    if (error instanceof ApiError && error.status < 500) return showBanner(error.message);
    showBanner("Temporarily unavailable. Trying again…");
    setTimeout(start, RETRY_DELAY);
  }
}

const applyMessage = (message) => timelines[message.channel]?.apply(message);

// Shows the current conversation where it was left, what was written there, and its quota.
function showConversation() {
  const { title, text, examples } = WELCOMES[currentChannel()];
  byId("welcome-title").textContent = title;
  byId("welcome-text").textContent = text;
  byId("examples").replaceChildren(...examples.map((example) => el("li", {},
    el("button", { type: "button", on: { click: () => app.runCommand(example) } }, example))));
  composer.showDraft();
  showWelcome();
  reading.restore(channels.current);
  people.refreshQuota();
}

// Adds a new message, and keeps the end in view where it was in view.
function receiveMessage(message) {
  if (message.kind === "person") return people.add(message);
  const timeline = timelines[message.channel];
  if (!timeline) return;
  const visible = timeline === channels.current;
  const atEnd = reading.atEnd();
  const before = timeline.nodes.size;
  const change = timeline.apply(message);
  const added = timeline.nodes.size > before;
  if (change) announceCard(change);
  if (message.kind === "note" && !message.gone && added) {
    announce(`${message.to ? "Only for you: " : ""}${message.title}. ${message.text}`);
    if (/^\/(quotas|studio) /.test(message.said)) people.refreshQuota();
  }
  channels.countUnread();
  showWelcome();
  if (!visible) return;
  if (atEnd) reading.scrollToEnd();
  else if (added) byId("newer").hidden = false;
}

const hasEnded = (job) => job.tone !== "waiting" && job.tone !== "running";

function announceCard({ before, card }) {
  const mine = card.name === people.me.name;
  if (!before && !mine) announce(`${card.name} asked for ${card.title}`);
  let quotaChanged = !before;
  for (const job of card.jobs) {
    const earlier = before?.jobs.find((one) => one.id === job.id);
    if (!hasEnded(job) || !earlier || hasEnded(earlier)) continue;
    quotaChanged = true;
    const kind = job.media?.kind ?? "picture";
    announce(job.tone === "done" ? `${card.name}’s ${kind} is ready: ${job.alt}` : `${job.alt}: ${job.headline}`);
    if (mine) tellEnded(job.tone === "done" ? `Your ${kind} is ready` : "A job ended without a result", job.alt, job.id);
  }
  // The quota changes when a job is accepted and when it ends, and not in between.
  if (mine && quotaChanged) people.refreshQuota();
}

function showWelcome() {
  byId("welcome").hidden = !channels.current.empty;
}

// Whether a request comes from the field or a form, and not from a button.
const isWritten = ({ body }) => (body.text || body.command || body.pending) && !body.pressed;

async function send(request) {
  try {
    const answer = await submit(request);
    if (!answer) return;
    answer.messages.forEach(receiveMessage);
    if (answer.toast) toast(answer.toast);
    if (answer.question) app.confirm(answer.question);
    if (answer.pending) app.askToStart(answer.pending);
    if (answer.key_form) app.askForKey(answer.key_form);
    const card = answer.messages.find((message) => message.kind === "card");
    // A reaction that was counted before made its card earlier.
    if (answer.repeated && card && channels.current.reveal(card.jobs[0].id)) return;
    // A button leaves the page where it was pressed, and so does a list that is continued in its place.
    if (answer.messages.length && !answer.extended && isWritten(request)) reading.scrollToEnd({ smooth: true });
    else if (answer.refused && !reading.atEnd()) toast(answer.messages[0]);
  } catch (error) {
    showBanner(error instanceof ApiError ? error.message : "The command could not be sent. Try again.");
    const sent = app.sent.get(request.body.key);
    if (composer.empty && request.body.text && !request.body.pressed) composer.restore(request.body.text, sent?.uploads);
  }
}

// Shows an answer to a request that was sent outside of the outbox.
function receive(answer) {
  answer.messages.forEach(receiveMessage);
  reading.scrollToEnd({ smooth: true });
}

function dismiss(id) {
  channels.current.apply({ kind: "note", id, gone: true, cards: [], files: [], said: "" });
  sendDismissal(id, "The note could not be dismissed and will return after a reload");
}

function dismissAll() {
  channels.current.removeNotes();
  sendDismissal(null, "The notes could not be dismissed and will return after a reload");
}

// The notes are gone from the page already, so a reload must not abort the request.
function sendDismissal(id, failure) {
  byId("command-input").focus();
  showWelcome();
  post("dismiss", { id }, { keepalive: true }).catch(() => showBanner(failure));
}

// Says that the results are placeholders, until somebody hides the line in this browser.
function showPlaceholderLine(simulated) {
  byId("placeholders").hidden = !simulated || localStorage.getItem(PLACEHOLDERS_HIDDEN) !== null;
}

// Opens a command's form with the text and files of the composer.
function openCommandForm(command) {
  const text = byId("command-input").value.trim().replace(new RegExp(String.raw`^/${command.name}\b\s*`), "");
  const longest = command.fields.find((field) => field.longest >= app.limits.prompt);
  const plain = !text.startsWith("/") && !/(^|\s)(--|—|–)\w/.test(text);
  const prefilled = longest && plain && text ? { [longest.name]: text } : {};
  const files = command.takes.length ? composer.attachments.take() : [];
  openForm(command, app, { drafts: prefilled, files, replied: composer.replied });
  if (plain && (longest || !text)) composer.clear();
}

// The commands that can use what is replied to.
const fitting = () => app.commands().filter(({ newest }) =>
  !composer.replied?.media || !newest?.kind || newest.kind === composer.replied.media.kind);

byId("forms").addEventListener("click", async () => {
  await app.refreshCommands();
  openCommandMenu(byId("forms"), fitting(), openCommandForm);
});
byId("placeholders-close").addEventListener("click", () => {
  localStorage.setItem(PLACEHOLDERS_HIDDEN, "yes");
  showPlaceholderLine(true);
  byId("command-input").focus();
});
byId("messages").addEventListener("enlarge", (event) => enlarge(event.target, app));
document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  pageSeen();
  if (people.me) channels.countUnread();
});
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select, [popover], dialog");
  if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  composer.write(composer.empty ? "/" : byId("command-input").value);
});

await start();
byId("command-input").focus({ preventScroll: true });
unanswered().forEach(send);
