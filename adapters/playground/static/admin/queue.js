// What has not ended: held, waiting and running jobs; and what members have reported.

import { el, moment, shortId } from "../dom.js";
import { decide, read, run } from "./requests.js";
import { List, block, button, empty, pager, table } from "./views.js";

const GROUPS = { "": "All", held: "Held", waiting: "Waiting", running: "Running" };
const NOTHING = {
  "": "Nothing waits or runs. Jobs appear here as soon as somebody asks for one.",
  held: "Nothing waits for a confirmation or an approval. Rules → Prices says what has to.",
  waiting: "Nothing waits in the queue.",
  running: "Nothing is running.",
};
const JOBS = [
  { name: "Job", look: "name" }, { name: "Member", look: "side" }, { name: "State", look: "" },
  { name: "Asked", look: "time" }, { name: "Price", look: "number" }, { name: "", look: "do" },
];
const REPORTS = [{ name: "Result", look: "name" }, { name: "Report", look: "" }, { name: "When", look: "time" }, { name: "", look: "do" }];

export class QueueSection {
  constructor(page) {
    this.page = page;
    this.jobs = new List((data, at) => this.#drawJobs(data, at));
    this.reports = new List((data, at) => this.#drawReports(data, at));
    this.filter = el("div", { class: "filter", role: "group", "aria-label": "Which jobs" });
    this.node = el("div", { class: "blocks" },
      block("Jobs that have not ended", { about: "Those that somebody has to decide about come first.", look: "wide" }, this.filter, this.jobs.node),
      block("Reports", { about: "Results that members have reported to the moderators, the newest first.", look: "wide" }, this.reports.node));
  }

  async read() {
    const { group = "", page = 1, reports = 1 } = this.page.query;
    const [jobs, found] = await Promise.all([read("queue", { group, page }), read("reports", { page: reports })]);
    return { jobs, reports: found };
  }

  show({ jobs, reports }) {
    const current = this.page.query.group ?? "";
    this.filter.replaceChildren(...Object.entries(GROUPS).map(([group, name]) => el("a", {
      href: group ? `#queue?group=${group}` : "#queue", "aria-current": group === current ? "true" : null,
    }, name)));
    this.jobs.show(jobs);
    this.reports.show(reports);
  }

  #drawJobs(data, at) {
    const { query } = this.page;
    const pages = pager(data, (page) => this.page.go({ ...query, page }), "Pages of jobs");
    if (data.items.length === 0) return [empty(NOTHING[query.group ?? ""]), pages];
    return [table("Jobs that have not ended", JOBS, data.items.map((job) => this.#job(job, at))), pages];
  }

  #job(job, at) {
    const answered = (answer) => { this.jobs.say(job.id, answer); return this.page.refresh(); };
    const what = job.title || "Private to its member";
    return {
      cells: [
        [el("b", { class: job.title ? "" : "hidden-title" }, what), el("span", { class: "fine" }, `/${job.command} · ${job.model} · #${shortId(job.id)}`)],
        job.name,
        [el("span", { class: `badge ${job.group}` }, job.group), " ", job.headline],
        moment(job.at), job.price.text,
        el("div", { class: "buttons" },
          job.decisions.map((one) => button(one.label, `${job.id} ${one.decision}`, async () => answered(await decide(one, job.id, job.card)),
            { look: one.destructive ? "quiet" : "main", name: `${one.label}: ${what}` })),
          job.cancellable && button("Cancel", `${job.id} cancel`, async () => answered(await run("cancel", { job: job.id })), { look: "quiet", name: `Cancel: ${what}` })),
      ],
      answer: at(job.id),
    };
  }

  #drawReports(data, at) {
    const { query } = this.page;
    const pages = pager(data, (page) => this.page.go({ ...query, reports: page }), "Pages of reports");
    if (data.items.length === 0) return [empty("Nothing was reported. Members can report once Rules → Moderators names a channel."), pages];
    return [table("Reports", REPORTS, data.items.map((report) => this.#report(report, at))), pages];
  }

  #report(report, at) {
    const answered = (answer) => { this.reports.say(report.card, answer); return this.page.refresh(); };
    return {
      cells: [
        [el("b", {}, report.title), el("span", { class: "fine" }, `by ${report.name} · #${shortId(report.job)}`)],
        [report.note, report.removed && el("span", { class: "badge" }, "removed"), report.blocked && el("span", { class: "badge alarm" }, "maker blocked")],
        moment(report.at),
        el("div", { class: "buttons" }, report.decisions.map((one) => button(one.label, `${report.card} ${one.decision}`,
          async () => answered(await decide(one, report.job, report.card)), { look: one.destructive ? "quiet" : "", name: `${one.label}: ${report.title}` }))),
      ],
      answer: at(report.card),
    };
  }
}
