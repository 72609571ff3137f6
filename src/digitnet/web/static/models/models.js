// Models: those in the box and one's own, with their figures; one is chosen, or taken along.

import { button, make, Notice, whenShown } from "../common/elements.js";
import { ask, sentenceOf } from "../common/server.js";
import { accuracy, size, whole } from "../common/words.js";

/** @type {Record<string, string>} */
const KINDS = { box: "in the box", own: "your own" };
/** @type {[string, string][]} a column's head and class */
const COLUMNS = [
  ["Model", ""],
  ["Right on unseen digits", "number"],
  ["Parameters", "number wide"],
  ["Size", "number wide"],
  ["What to do with it", ""],
];
const EXPLANATION =
  "The chosen one answers in every part of this page. Accuracy is that on digits which were kept back while it learnt.";

/** @param {HTMLElement} root @param {Context} context */
export async function mount(root, context) {
  const table = new ModelTable(context);
  const words = make("div", {}, make("h2", {}, "Models"), make("p", { class: "quiet" }, EXPLANATION));
  const card = make("div", { class: "card table-card" }, table.element);
  root.append(make("div", { class: "stack" }, words, table.notice.element, card, table.unreadable.element));
  whenShown(root, () => table.look());
  context.onModel(() => table.draw());
  await table.look();
}

// Roles are written out, as a narrow screen lays the rows out as sheets.
class ModelTable {
  notice = new Notice();
  unreadable = new UnreadableList();
  body = make("tbody", { role: "rowgroup" });
  /** @type {ListedModel[]} */
  models = [];
  /** @type {Exporter[]} what each may be exported to */
  exporters = [];

  /** @param {Context} context */
  constructor(context) {
    this.context = context;
    const heads = COLUMNS.map(([words, kind]) =>
      make("th", { scope: "col", role: "columnheader", class: kind }, words),
    );
    this.element = make(
      "table",
      { class: "table models", role: "table", "aria-label": "Models" },
      make("thead", { role: "rowgroup" }, make("tr", { role: "row" }, ...heads)),
      this.body,
    );
  }

  async look() {
    try {
      const told = await ask("api/models");
      ({ models: this.models, exporters: this.exporters } = told);
      this.unreadable.show(told.unreadable);
      this.notice.tell("");
    } catch (error) {
      this.notice.tell(sentenceOf(error), "error");
    }
    this.draw();
  }

  draw() {
    const focused = document.activeElement;
    const held = focused instanceof HTMLElement ? focused.dataset.model : undefined;
    this.body.replaceChildren(...this.models.map((model) => this.#row(model)));
    if (!held) return;
    for (const each of this.body.querySelectorAll("button")) if (each.dataset.model === held) each.focus();
  }

  /** @param {ListedModel} model */
  #row(model) {
    const chosen = model.name === this.context.currentModel();
    const use = button(chosen ? "In use" : "Use", () => this.#choose(model.name), {
      "data-model": model.name,
      "aria-pressed": String(chosen),
      "aria-label": chosen ? `In use: ${model.name}` : `Use ${model.name}`,
      class: chosen ? "button primary" : "button",
    });
    const share = model.validation_accuracy;
    const links = this.exporters.map(({ suffix, title }) => download(model.name, suffix, title));
    const cell = (/** @type {string} */ kind, /** @type {string | HTMLElement} */ content) =>
      make("td", { role: "cell", class: kind || null }, content);
    return make(
      "tr",
      { role: "row" },
      nameCell(model, chosen),
      cell(share === null ? "number" : "number measured", accuracy(share, 2)),
      cell("number wide", whole(model.parameters)),
      cell("number wide", size(model.bytes)),
      cell("", make("div", { class: "row doing" }, use, download(model.name, "zip", "Zip"), ...links)),
    );
  }

  /** @param {string} name */
  async #choose(name) {
    const { context } = this;
    await context.chooseModel(name);
    this.draw();
    if (context.currentModel() === name) context.say(`${name} is in use now.`);
  }
}

/** The models that lie there and cannot be used, each with the reason; unseen where there are none. */
class UnreadableList {
  list = make("dl", { class: "unreadable" });
  element = make("section", { class: "card", hidden: true }, make("h3", {}, "Cannot be used"), this.list);

  /** @param {UnreadableModel[]} models */
  show(models) {
    this.list.replaceChildren(
      ...models.flatMap(({ name, reason }) => [make("dt", {}, name), make("dd", {}, reason)]),
    );
    this.element.hidden = models.length === 0;
  }
}

/** A model's name, and what it is in small letters. @param {ListedModel} model @param {boolean} chosen */
function nameCell({ name, kind, network, made_with: madeWith, parameters, bytes }, chosen) {
  const chip = make("span", { class: chosen ? "chip chosen" : "chip" }, KINDS[kind] ?? kind);
  const made = kind === "box" ? `made by ${madeWith}` : madeWith;
  const small = make(
    "div",
    { class: "hint" },
    make("span", {}, `${network}; ${made}`),
    make("span", { class: "narrow" }, `${whole(parameters)} parameters, ${size(bytes)}`),
  );
  const head = make("div", { class: "row named" }, name, chip);
  return make("th", { scope: "row", role: "rowheader" }, head, small);
}

/** @param {string} name @param {string} suffix @param {string} words */
function download(name, suffix, words) {
  const href = `api/models/${encodeURIComponent(name)}.${suffix}`;
  const label = `${words} of ${name}`;
  return make("a", { class: "button", href, download: `${name}.${suffix}`, "aria-label": label }, words);
}
