// Models: those in the box and one's own, with their figures; one is chosen, or taken along.

import { ask } from "../common/server.js";
import { button, make, startNotice, whenShown } from "../common/elements.js";
import { accuracy, size, whole } from "../common/words.js";

const KINDS = { box: "in the box", own: "your own" };

export async function mount(root, context) {
  const notice = startNotice();
  // Roles are written out, as a narrow screen lays the rows out as sheets.
  const body = make("tbody", { role: "rowgroup" });
  const columns = ["Model", "Right on unseen digits", "Parameters", "Size", "What to do with it"];
  const classes = ["", "number", "number wide", "number wide", ""];
  const head = columns.map((words, i) =>
    make("th", { scope: "col", role: "columnheader", class: classes[i] }, words),
  );
  const table = make(
    "table",
    { class: "table models", role: "table", "aria-label": "Models" },
    make("thead", { role: "rowgroup" }, make("tr", { role: "row" }, ...head)),
    body,
  );
  let list = [];
  let exports = [];

  root.append(
    make(
      "div",
      { class: "stack" },
      make(
        "div",
        {},
        make("h2", {}, "Models"),
        make(
          "p",
          { class: "quiet" },
          "The chosen one answers in every part of this page. Accuracy is that on digits which were kept back while it learnt.",
        ),
      ),
      notice.element,
      make("div", { class: "card table-card" }, table),
    ),
  );
  whenShown(root, look);
  context.onModel?.(draw);
  await look();

  async function look() {
    try {
      const told = await ask("api/models");
      list = told.models;
      exports = told.exports ?? [];
      notice.tell("");
    } catch (error) {
      notice.tell(error.message, "error");
    }
    draw();
  }

  function draw() {
    const held = document.activeElement?.dataset?.model;
    body.replaceChildren(...list.map(row));
    if (held) [...body.querySelectorAll("button")].find((one) => one.dataset.model === held)?.focus();
  }

  function row(model) {
    const chosen = model.name === context.currentModel();
    const path = `api/models/${encodeURIComponent(model.name)}`;
    const use = button(chosen ? "In use" : "Use", () => choose(model.name), {
      "data-model": model.name,
      "aria-pressed": String(chosen),
      "aria-label": chosen ? `In use: ${model.name}` : `Use ${model.name}`,
      class: chosen ? "button primary" : "button",
    });
    const link = (ending, words) =>
      make(
        "a",
        {
          class: "button",
          href: `${path}.${ending}`,
          download: `${model.name}.${ending}`,
          "aria-label": `${words} of ${model.name}`,
        },
        words,
      );
    const small = make(
      "div",
      { class: "hint" },
      make("span", {}, `${model.network}; ${madeWith(model)}`),
      make("span", { class: "narrow" }, `${whole(model.parameters)} parameters, ${size(model.bytes)}`),
    );
    return make(
      "tr",
      { role: "row" },
      make(
        "th",
        { scope: "row", role: "rowheader" },
        make(
          "div",
          { class: "row named" },
          model.name,
          make("span", { class: chosen ? "chip chosen" : "chip" }, KINDS[model.kind] ?? model.kind),
        ),
        small,
      ),
      make("td", { role: "cell", class: "number" }, accuracy(model.validation_accuracy, 2)),
      make("td", { role: "cell", class: "number wide" }, whole(model.parameters)),
      make("td", { role: "cell", class: "number wide" }, size(model.bytes)),
      make(
        "td",
        { role: "cell" },
        make(
          "div",
          { class: "row doing" },
          use,
          link("zip", "Zip"),
          exports.includes("html") ? link("html", "One-file page") : null,
        ),
      ),
    );
  }

  async function choose(name) {
    await context.chooseModel(name);
    draw();
    if (context.currentModel() === name) context.say(`${name} is in use now.`);
  }
}

const madeWith = ({ kind, made_with: words }) => (kind === "box" ? `made by ${words}` : words);
