// Sums view: the last stage: a sum for each digit, and the probabilities they make.

import { make } from "../common/elements.js";
import { short, signed } from "../common/words.js";
import { strongestFor } from "./attribution.js";

const N_DECIDERS = 5; // neurons that are named beneath the sums

export class SumsView {
  deciders = make("p", { class: "deciders" });

  /** @param {Model} model @param {Stage} stage @param {Stage | null} before the stage that is added up */
  constructor(model, stage, before) {
    this.model = model;
    this.stage = stage;
    this.before = before;
    this.rows = model.classNames.map(newRow);
    const number = { scope: "col", class: "number" };
    const head = make(
      "tr",
      {},
      make("th", { scope: "col" }, "Digit"),
      make("th", number, "Sum"),
      make("th", { scope: "col" }, make("span", { class: "visually-hidden" }, "As a bar")),
      make("th", number, "Likely"),
    );
    const body = make("tbody", {}, ...this.rows.map(({ row }) => row));
    this.element = make(
      "section",
      { class: "card stage" },
      make("h2", {}, stage.title),
      make("p", {}, stage.about),
      make("table", { class: "table sums" }, make("thead", {}, head), body),
      this.deciders,
      make(
        "details",
        {},
        make("summary", {}, "The formula"),
        make("p", { class: "formula" }, stage.formula),
        make("p", { class: "quiet small" }, ofCalibration(model)),
      ),
    );
  }

  /** @param {Pass | null} pass @param {Answer | null} answer @param {Seen | null} seen */
  show(pass, answer, seen) {
    this.deciders.textContent = seen && answer ? this.#mostFor(seen, answer.order[0]) : "";
    const most = pass ? Math.max(...pass.logits.map(Math.abs), 1e-9) : 1;
    this.rows.forEach(({ row, sum, fill, likely }, label) => {
      const value = pass ? pass.logits[label] : 0;
      sum.textContent = pass ? signed(value) : "";
      fill.style.transform = `scaleX(${value / most})`;
      fill.classList.toggle("against", value < 0);
      likely.textContent = answer && !answer.isNone ? short(answer.probabilities[label]) : "";
      row.classList.toggle("first", answer?.sure === true && answer.order[0] === label);
    });
  }

  /** The neurons that add most to the answer. @param {Seen} seen @param {number} label */
  #mostFor(seen, label) {
    if (this.before?.kind !== "Dense") return "";
    const named = strongestFor(this.stage.layer, seen.at[this.stage.first - 1], label, N_DECIDERS);
    if (named.length === 0) return "";
    return `Most for ${this.model.classNames[label]} comes from neuron ${named.join(", ")}.`;
  }
}

/** @param {string} name */
function newRow(name) {
  const sum = make("td", { class: "number" });
  const fill = make("span", { class: "adds-fill" });
  const bar = make("td", { class: "sum-bar" }, make("span", { class: "adds-track" }, fill));
  const likely = make("td", { class: "number" });
  return { row: make("tr", {}, make("th", { scope: "row" }, name), sum, bar, likely), sum, fill, likely };
}

/** How sums become an answer. Who says that something is no digit is not among the layers. @param {Model} model */
function ofCalibration({ temperature, leastProbability, risk, novelty }) {
  const other = novelty
    ? " Whether it is a digit at all is told by a second opinion, which compares where strokes run, and which way, with the digits that were learnt."
    : "";
  const where = risk ? `Where ${100 * risk} % of the answers may be wrong, it` : "It";
  const doubt = leastProbability
    ? `${where} is “unsure” below ${(100 * leastProbability).toFixed(0)} %.`
    : "";
  return `T = ${temperature.toFixed(2)} was set on digits the network had not learnt from, so that “90 %” is right nine times in ten. ${doubt}${other}`;
}
