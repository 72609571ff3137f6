// Curves: loss and accuracy of a run so far, as charts, in words and as a table.

import { make } from "../common/elements.js";
import { accuracy, loss } from "../common/words.js";
import { Chart } from "./chart.js";
import { bandOf } from "./smoothing.js";

const LEGEND = [
  ["steps", "single steps: their mean, and where half of them lie"],
  ["training", "digits it learns from"],
  ["validation", "digits it has not learnt from"],
];
const HEADS = ["Epoch", "Loss, learnt from", "Loss, not learnt from", "Accuracy"];

/** Loss and accuracy of a run on two axes, those of an earlier run on the same ones. */
export class Curves {
  readout = make("p", { class: "readout" });
  legend = make("ul", { class: "legend", role: "list" });
  table = make("tbody");
  loss = new Chart({
    title: "Loss: how wrong it is (logarithmic)",
    log: true,
    format: String,
    hovered: (epoch) => this.#showEpoch(epoch),
  });
  accuracy = new Chart({
    title: "Accuracy: how many are right",
    format: (share) => `${Number((100 * share).toFixed(1))} %`,
    floor: 0,
    ceiling: 1,
    hovered: (epoch) => this.#showEpoch(epoch),
  });
  /** @type {{ present: Run, before: Run | null } | null} */
  runs = null;

  constructor() {
    const heads = HEADS.map((head) => make("th", { scope: "col", class: "number" }, head));
    const table = make(
      "table",
      { class: "table figures" },
      make("thead", {}, make("tr", {}, ...heads)),
      this.table,
    );
    const scroll = {
      class: "table-scroll",
      tabindex: 0,
      role: "region",
      "aria-label": "The figures of each epoch",
    };
    this.element = make(
      "div",
      { class: "stack tight" },
      this.legend,
      make("div", { class: "charts" }, this.loss.element, this.accuracy.element),
      this.readout,
      make("details", {}, make("summary", {}, "The figures as a table"), make("div", scroll, table)),
    );
  }

  /** @param {Run} present @param {Run | null} before */
  show(present, before) {
    this.runs = { present, before };
    this.#showEpoch(null);
  }

  /** @param {number | null} epoch the one that is pointed at */
  #showEpoch(epoch) {
    if (!this.runs) return;
    const { present, before } = this.runs;
    const compared = before?.epochs.length ? before : null;
    const checked = present.epochs.some((one) => isKnown(one.validation_loss));
    const at = epoch === null ? present.epochs.at(-1) : present.epochs.find((one) => one.epoch === epoch);
    this.readout.textContent = at ? sentence(at) : "The first epoch is under way.";
    const nEpochs = longest(present, compared);
    const words = at ? sentence(at) : "";
    const key = `${present.id} ${compared?.id ?? ""}`;
    const mark = epoch === null ? null : (at?.epoch ?? null);
    this.loss.draw({ key, nEpochs, words, lines: lossLines(present, compared) }, mark);
    this.accuracy.draw({ key, nEpochs, words, lines: accuracyLines(present, compared) }, mark);
    this.accuracy.element.hidden = present.epochs.length > 0 && !checked;
    const drawn = LEGEND.filter(([kind]) => kind !== "validation" || checked || !present.epochs.length);
    if (compared) drawn.push(["before", `compared: ${compared.name}, ${compared.network}`]);
    this.legend.replaceChildren(...drawn.map(([kind, text]) => make("li", { class: `key-${kind}` }, text)));
    fill(this.table, present.epochs);
  }
}

/** How many epochs the charts have room for: the run before's too, unless it was much longer. @param {Run} present @param {Run | null} before */
function longest({ nEpochs }, before) {
  const other = before?.epochs.at(-1)?.epoch ?? 0;
  return other <= 2 * nEpochs ? Math.max(nEpochs, other) : nEpochs;
}

/** @param {Run} present @param {Run | null} before @returns {Line[]} */
function lossLines(present, before) {
  const old = before && { kind: "before", points: points(before, "validation_loss", "training_loss") };
  return [
    ...(old ? [old] : []),
    { kind: "steps", ...bandOf(present.steps) },
    { kind: "training", points: points(present, "training_loss") },
    { kind: "validation", points: points(present, "validation_loss") },
  ];
}

/** @param {Run} present @param {Run | null} before @returns {Line[]} */
function accuracyLines(present, before) {
  const old = before && { kind: "before", points: points(before, "validation_accuracy") };
  return [...(old ? [old] : []), { kind: "validation", points: points(present, "validation_accuracy") }];
}

/** @param {Epoch} epoch */
function sentence({
  epoch,
  training_loss: training,
  validation_loss: validation,
  validation_accuracy: share,
}) {
  const right = share === null ? "" : `, ${accuracy(share)} right`;
  const other = validation === null ? "" : `, ${loss(validation)} on digits it has not learnt from`;
  return `Epoch ${epoch}: loss ${loss(training)}${other}${right}.`;
}

/** @param {number | null | undefined} value @returns {value is number} */
const isKnown = (value) => value !== null && value !== undefined;

/**
 * A figure over the epochs that have it.
 * @param {Run} run
 * @param {"training_loss" | "validation_loss" | "validation_accuracy"} key
 * @param {"training_loss" | "validation_loss" | "validation_accuracy"} otherwise
 */
function points(run, key, otherwise = key) {
  /** @type {[number, number][]} */
  const found = [];
  for (const epoch of run.epochs) {
    const value = epoch[key] ?? epoch[otherwise];
    if (isKnown(value)) found.push([epoch.epoch, value]);
  }
  return found;
}

/** A row for each epoch; rows that are there already stay. @param {HTMLElement} table @param {Epoch[]} epochs */
function fill(table, epochs) {
  while (table.children.length > epochs.length) table.lastChild?.remove();
  epochs.forEach((one, i) => {
    const texts = [
      `${one.epoch}`,
      loss(one.training_loss),
      loss(one.validation_loss),
      accuracy(one.validation_accuracy),
    ];
    const row =
      table.children[i] ??
      table.appendChild(make("tr", {}, ...texts.map(() => make("td", { class: "number" }))));
    texts.forEach((text, column) => {
      if (row.children[column].textContent !== text) row.children[column].textContent = text;
    });
  });
}
