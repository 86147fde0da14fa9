// What was spent: the options of the report, and the report as a chart with its figures, or as a file.

import { el, replyFile } from "../dom.js";
import { CommandForm } from "./command_form.js";
import { run } from "./requests.js";
import { List, answerNode, block, button, empty, factsNode } from "./views.js";

const COMMAND = "studio usage";
// A button saves the file.
const NOT_ASKED = "format";

export class UsageSection {
  constructor(page) {
    this.report = new List((data, at) => this.#draw(data, at));
    this.form = new CommandForm(page, {
      command: COMMAND, submit: "Show", quiet: true,
      options: page.fieldsOf(COMMAND).filter(({ name }) => name !== NOT_ASKED)
        .map(({ name, about }) => ({ name, about: name === "post" ? "Everybody sees it in the studio, too" : about })),
      onDone: (answer) => this.#shown(answer, this.form.values),
    });
    this.node = el("div", { class: "blocks" },
      block("Report", { look: "wide" }, this.form.node),
      block("Result", { look: "wide" }, this.report.node));
    this.asked = {};
  }

  // Only the first time: a report is made when it is asked for.
  read = () => this.report.data ?? run(COMMAND);

  show = (data) => this.report.show(data);

  #shown(answer, asked) {
    this.asked = asked;
    this.report.answer = null;
    this.report.show(answer);
  }

  #draw(data, at) {
    if (data.refused) return answerNode(data);
    return [
      el("p", { class: "state" }, el("b", {}, data.title)),
      data.file && replyFile(data.file),
      data.text && (data.facts.length === 0 ? empty(data.text) : el("p", { class: "fine" }, data.text)),
      factsNode(data.facts),
      button("Save as CSV", "csv", () => this.#save()),
      at("csv"),
    ];
  }

  // The same report with everything in it, as a file.
  async #save() {
    const { post: _, ...asked } = this.asked;
    const { refused, text, file } = await run(COMMAND, { ...asked, [NOT_ASKED]: "csv" });
    if (!file) return this.report.say("csv", { refused, title: "", text });
    el("a", { href: file.address, download: file.name }).click();
    return this.report.say("csv", { title: `Saved ${file.name}`, text: "" });
  }
}
