// Models: those in the box and one's own: chosen, compared, renamed, taken in, taken along.

import { make, Notice, whenShown } from "../common/elements.js";
import { ask, askWithJson, sentenceOf } from "../common/server.js";
import { ModelComparison } from "./comparison.js";
import { deletion, modelRow } from "./model_row.js";
import { ModelUpload } from "./upload.js";

/** @type {[string, string][]} a column's head and class */
const COLUMNS = [
  ["Model", ""],
  ["Right on unseen digits", "number"],
  ["Parameters", "number wide"],
  ["Size", "number wide"],
  ["What to do with it", "doing-head"],
];
const EXPLANATION =
  "The chosen one answers in every part of this page. Accuracy is that on digits which were kept back while it learnt. Point at a network's notation to have it explained.";

/** @param {HTMLElement} root @param {Context} context */
export async function mount(root, context) {
  const table = new ModelTable(context);
  const upload = new ModelUpload((name) => table.came(name));
  const words = make("div", {}, make("h2", {}, "Models"), make("p", { class: "quiet" }, EXPLANATION));
  const card = make("div", { class: "card table-card" }, table.element);
  const beside = make("div", { class: "models-beside" }, table.comparison.element, upload.element);
  root.append(
    make("div", { class: "stack" }, words, table.notice.element, card, table.unreadable.element, beside),
  );
  whenShown(root, () => table.look());
  context.onModel(() => table.draw());
  await table.look();
}

class ModelTable {
  notice = new Notice();
  unreadable = new UnreadableList({ remove: (name) => this.#remove(name) });
  comparison = new ModelComparison();
  body = make("tbody", { role: "rowgroup" });
  /** @type {(ListedModel | DeviceModel)[]} */
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
      const [told, { sources }] = await Promise.all([ask("api/models"), ask("api/sources")]);
      this.models = [...told.models, ...told.devices];
      this.exporters = told.exporters;
      this.unreadable.show(told.unreadable);
      this.comparison.offer(
        this.models.map(({ name }) => name),
        sources,
      );
      this.notice.tell("");
    } catch (error) {
      this.notice.tell(sentenceOf(error), "error");
    }
    this.draw();
  }

  draw() {
    const focused = document.activeElement;
    const held = focused instanceof HTMLElement ? focused.dataset.model : undefined;
    const heard = {
      use: (/** @type {string} */ name) => this.#choose(name),
      rename: (/** @type {string} */ name, /** @type {string} */ to) => this.#rename(name, to),
      remove: (/** @type {string} */ name) => this.#remove(name),
    };
    const chosen = this.context.currentModel();
    this.body.replaceChildren(
      ...this.models.map((model) => modelRow(model, this.exporters, model.name === chosen, heard)),
    );
    if (!held) return;
    for (const each of this.body.querySelectorAll("button")) if (each.dataset.model === held) each.focus();
  }

  /** @param {string} name */
  async #choose(name) {
    const { context } = this;
    await context.chooseModel(name);
    this.draw();
    if (context.currentModel() === name) context.say(`${name} is in use now.`);
  }

  /** A model was taken in. @param {string} name */
  async came(name) {
    await this.#again("");
    this.#focusRow(name);
    this.context.say(`${name} was added.`);
  }

  /** @param {string} name @param {string} to */
  #rename(name, to) {
    const wasUsed = name === this.context.currentModel();
    return this.#change(`api/model?name=${encodeURIComponent(name)}`, "PATCH", { name: to }, async () => {
      await this.#again(wasUsed ? to : "");
      this.#focusRow(to);
      this.context.say(`${name} is called ${to} now.`);
    });
  }

  /** @param {string} name */
  #remove(name) {
    const wasUsed = name === this.context.currentModel();
    return this.#change(`api/model?name=${encodeURIComponent(name)}`, "DELETE", undefined, async () => {
      const usual = this.models.find((model) => "default" in model && model.default && model.name !== name);
      await this.#again(wasUsed ? (usual ?? this.models[0]).name : "");
      this.#focusRow(this.models[0]?.name ?? "");
      this.context.say(`${name} is deleted.`);
    });
  }

  /**
   * Whether the server has done it; else its sentence is shown.
   * @param {string} path
   * @param {string} method
   * @param {unknown} values
   * @param {() => Promise<void>} done
   */
  async #change(path, method, values, done) {
    try {
      await (values === undefined ? ask(path, { method }) : askWithJson(path, method, values));
    } catch (error) {
      this.notice.tell(sentenceOf(error), "error");
      return false;
    }
    await done();
    return true;
  }

  /** The list anew, here and in the head; and another model in use, where one is named. @param {string} chosen */
  async #again(chosen) {
    await this.context.refreshModels();
    if (chosen) await this.context.chooseModel(chosen);
    await this.look();
  }

  /** @param {string} name */
  #focusRow(name) {
    const row = [...this.body.children].find((each) => each.getAttribute("data-row") === name);
    const target = row?.querySelector("button[data-model], summary");
    if (target instanceof HTMLElement) target.focus();
  }
}

/** The models that lie there and cannot be used, each with the reason; unseen where there are none. */
class UnreadableList {
  list = make("dl", { class: "unreadable" });
  element = make("section", { class: "card", hidden: true }, make("h3", {}, "Cannot be used"), this.list);

  /** @param {{ remove(name: string): Promise<boolean> }} heard */
  constructor(heard) {
    this.heard = heard;
  }

  /** @param {UnreadableModel[]} models */
  show(models) {
    this.list.replaceChildren(
      ...models.flatMap(({ name, reason }) => [
        make("dt", {}, name),
        make("dd", {}, reason, deletion(name, this.heard)),
      ]),
    );
    this.element.hidden = models.length === 0;
  }
}
