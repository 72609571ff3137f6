// Chain view: the chain rule for one hidden neuron, factor by factor, in numbers.

import { make, makeBar } from "../common/elements.js";
import { indexOfMost, paintPixels, reach, scale } from "../common/paint.js";
import { decimals, figure, productInWords } from "./figures.js";

export class ChainView {
  title = make("h3", { class: "detail-title" });
  weights = make("canvas", { class: "pixels", "aria-hidden": "true" });
  gradient = make("canvas", { class: "pixels", "aria-hidden": "true" });
  rows = make("dl", { class: "chain" });

  /** @param {string[]} classNames */
  constructor(classNames) {
    this.classNames = classNames;
    this.bars = classNames.map((name) => makeBar("adds", name));
    const list = make("ol", { class: "adds", "aria-label": "The error from each digit" });
    list.append(...this.bars.map(({ element }) => element));
    const pictures = [
      make("figure", {}, this.weights, make("figcaption", {}, "its W1")),
      make("figure", {}, this.gradient, make("figcaption", {}, "its dW1")),
    ];
    this.list = list;
    this.element = make(
      "div",
      { class: "detail chain-detail" },
      this.title,
      make("div", { class: "detail-pictures" }, ...pictures),
      make("p", { class: "detail-words" }, "The error from digit k: dZ2[k] × W2[j, k]"),
      list,
      this.rows,
    );
  }

  /**
   * @param {Layer[]} layers
   * @param {Lesson} lesson
   * @param {Backward} backward
   * @param {{ j: number, rate: number, side: number, slope: (y: number) => number, colours: Colours }} at
   */
  show([one, f, two], { input }, { at, errors, gradients }, { j, rate, side, slope, colours }) {
    const [dZ1, dA1, dZ2] = [errors[0], errors[1], errors[2]];
    const A1 = at[1][j];
    const column = (/** @type {Numbers} */ W) =>
      Float32Array.from({ length: one.n_in }, (_, i) => W[i * one.n_out + j]);
    const [W1, dW1] = [column(one.W), column(gradients[0]?.W ?? one.W)];
    for (const [canvas, values] of /** @type {const} */ ([
      [this.weights, W1],
      [this.gradient, dW1],
    ])) {
      const [most, paint] = [reach(values), scale(colours.none, colours.most, colours.least)];
      paintPixels(canvas, values, side, side, (value) => paint(value / most));
    }
    const parts = Array.from(dZ2, (error, k) => error * two.W[j * two.n_out + k]);
    const most = reach(parts);
    parts.forEach((part, k) => {
      const { fill, value } = this.bars[k];
      fill.style.transform = `scaleX(${Number.isFinite(part) ? part / most : 0})`;
      fill.classList.toggle("against", part < 0);
      value.textContent = most < 0.001 ? figure(part) : decimals(part);
    });
    const k = indexOfMost(parts.map(Math.abs));
    const i = indexOfMost(input);
    const [row, across] = [Math.floor(i / side) + 1, (i % side) + 1];
    const moved = `${figure(W1[i])} − ${figure(rate)} × ${figure(dW1[i])} = ${figure(W1[i] - rate * dW1[i])}`;
    this.title.textContent = `Neuron ${j + 1}`;
    this.#rows([
      [`most of it, from ${this.classNames[k]}`, productInWords([dZ2[k], two.W[j * two.n_out + k]])],
      ["dA1: all ten added", figure(dA1[j])],
      f.kind === "Sigmoid"
        ? ["slope of the sigmoid: A1 × (1 − A1)", productInWords([A1, 1 - A1])]
        : [`slope of ${f.kind}, where A1 = ${figure(A1)}`, figure(slope(A1))],
      ["dZ1 = dA1 × slope", productInWords([dA1[j], slope(A1)])],
      [`dW1 at its inkiest pixel, row ${row}, column ${across}: x × dZ1`, productInWords([input[i], dZ1[j]])],
      ["a step: W1 − rate × dW1", moved],
      ["db1 = dZ1", figure(dZ1[j])],
    ]);
  }

  /** @param {[string, string][]} rows */
  #rows(rows) {
    this.rows.replaceChildren(
      ...rows.map(([name, value]) =>
        make("div", {}, make("dt", {}, name), make("dd", { class: "formula" }, value)),
      ),
    );
  }
}
