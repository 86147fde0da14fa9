// What was spent: the options of the report, and the report.

import { el } from "../dom.js";
import { CommandForm } from "./command_form.js";
import { run } from "./requests.js";
import { List, answerNode, block, empty, factsNode } from "./views.js";

const COMMAND = "studio usage";

export class UsageSection {
  constructor(page) {
    this.report = new List((data) => this.#draw(data));
    this.form = new CommandForm(page, {
      command: COMMAND, options: page.fieldsOf(COMMAND).map(({ name }) => name), submit: "Show", quiet: true,
      onDone: (answer) => this.report.show(answer),
    });
    this.node = el("div", { class: "blocks" },
      block("Report", { look: "wide" }, this.form.node),
      block("Result", { look: "wide" }, this.report.node));
  }

  // Only the first time: a report is made when it is asked for.
  read = () => this.report.data ?? run(COMMAND);

  show = (data) => this.report.show(data);

  #draw(data) {
    if (data.refused) return answerNode(data);
    return [el("p", { class: "state" }, el("b", {}, data.title)), data.facts.length === 0 ? empty(data.text) : factsNode(data.facts)];
  }
}
