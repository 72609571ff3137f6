// Weights view: W1 and W2 as pictures, their gradients, or how far they have moved.

import { button, make } from "../common/elements.js";
import { indexOfMost, paintPixels, reach, scale } from "../common/paint.js";
import { colour } from "../common/theme.js";
import { UnitGrid } from "../inside/unit_grid.js";
import { LAYERS } from "../network/layers.js";
import { ChainView } from "./chain_view.js";
import { figure } from "./figures.js";

const SHOWN = { gradient: "gradient", weights: "weights", moved: "moved so far" };
/** @typedef {keyof typeof SHOWN} What */

export class WeightsView {
  /** @type {What} */
  what = "gradient";
  isByHand = false; // whether someone chose the neuron that is looked at
  /** @type {{ experiment: StepExperiment, lesson: Lesson, backward: Backward, rate: number } | null} */
  last = null;
  second = make("canvas", { class: "pixels weights-2", role: "img" });
  secondWords = make("p", { class: "quiet small" });
  readOut = make("p", { class: "formula" });

  /** @param {StepExperiment} experiment */
  constructor({ learner, layers }) {
    const n = layers[0].n_out;
    this.chain = new ChainView(learner.classNames);
    this.grid = new UnitGrid(n, `The ${n} neurons and their weights: each to look at`, {
      chosen: (_, byHand) => {
        this.isByHand ||= byHand;
        this.#look();
      },
      grown: () => this.#paintAll(),
    });
    const names = make("div", { class: "weights-2-names", "aria-hidden": "true" });
    names.append(...learner.classNames.map((name) => make("span", {}, name)));
    this.element2 = make(
      "section",
      { class: "card stage" },
      make("h2", {}, "Back to W2: dW2 = A1 × dZ2"),
      make(
        "p",
        {},
        `A row for each digit, a column for each of ${n} neurons. How much a weight of W2 had to do with the error: what its neuron fired, times the error of its digit. A silent neuron has no part in it.`,
      ),
      this.#menu(),
      make("div", { class: "weights-2-place" }, names, this.second),
      this.secondWords,
      this.readOut,
    );
    this.element1 = make(
      "section",
      { class: "card stage" },
      make("h2", {}, "Back through the neurons to W1: the chain rule"),
      make(
        "p",
        {},
        "The error goes back through W2 to each neuron (dA1), through the slope of its activation (dZ1), and to the weight of each pixel (dW1 = x × dZ1). Blue is above 0, orange below; the bar beneath says how strongly the neuron fires.",
      ),
      this.#menu(),
      make(
        "p",
        { class: "quiet small" },
        "Point at one, tap it, or walk with the arrow keys: its factors stand beside it. A click keeps it.",
      ),
      make("div", { class: "stage-body with-pictures" }, this.grid.element, this.chain.element),
    );
  }

  /** The same choice above both pictures. */
  #menu() {
    const buttons = Object.entries(SHOWN).map(([what, words]) =>
      button(words, () => this.#take(/** @type {What} */ (what)), {
        class: "step",
        "data-what": what,
        "aria-pressed": String(what === this.what),
      }),
    );
    return make("div", { class: "steps", role: "group", "aria-label": "What the pictures show" }, ...buttons);
  }

  /** @param {What} what */
  #take(what) {
    this.what = what;
    for (const element of [this.element1, this.element2]) {
      for (const each of element.querySelectorAll("[data-what]")) {
        each.setAttribute("aria-pressed", String(each.getAttribute("data-what") === what));
      }
    }
    this.#paintAll();
  }

  /** @param {NonNullable<WeightsView["last"]>} now */
  show(now) {
    this.last = now;
    if (this.grid.current < 0 || (!this.isByHand && now.experiment.history.length === 0)) {
      const dZ1 = Array.from(now.backward.errors[0], Math.abs);
      this.grid.choose(indexOfMost(dZ1)); // the one that most error comes to
    } else this.#look();
    this.#paintAll();
  }

  repaint() {
    if (!this.last) return;
    this.#look();
    this.#paintAll();
  }

  /** What is shown of layer k. @param {0 | 2} k @returns {Numbers} */
  #valuesOf(k) {
    if (!this.last) return new Float32Array();
    const { experiment, backward } = this.last;
    const { W } = experiment.layers[k];
    if (this.what === "weights") return W;
    if (this.what === "gradient") return backward.gradients[k]?.W ?? W;
    return W.map((/** @type {number} */ w, /** @type {number} */ i) => w - (experiment.first?.[k]?.[i] ?? 0));
  }

  #paintAll() {
    if (!this.last) return;
    const { experiment, backward } = this.last;
    const { side } = experiment.learner.frame;
    const [{ n_in: nIn, n_out: n }, , { n_out: nOut }] = experiment.layers;
    const { none, most, least } = coloursNow();
    const paint = scale(none, most, least);
    const W1 = this.#valuesOf(0);
    const most1 = reach(W1); // one scale for all, so that neurons can be compared
    const values = new Float32Array(nIn);
    this.grid.units.forEach(({ element, canvas }, j) => {
      for (let i = 0; i < nIn; i++) values[i] = W1[i * n + j];
      paintPixels(canvas, values, side, side, (value) => paint(value / most1));
      const fires = backward.at[1][j];
      element.style.setProperty("--share", Math.min(1, Math.abs(fires)).toFixed(3));
      element.classList.toggle("below", fires < 0);
      element.setAttribute("aria-label", `Neuron ${j + 1}: dZ1 ${figure(backward.errors[0][j])}`);
    });
    const W2 = this.#valuesOf(2);
    const across = Float32Array.from(W2, (_, at) => W2[(at % n) * nOut + Math.floor(at / n)]);
    const most2 = reach(W2);
    paintPixels(this.second, across, n, nOut, (value) => paint(value / most2));
    const at = indexOfMost(Float32Array.from(W2, Math.abs));
    const name = { gradient: "dW2", weights: "W2", moved: "W2 has moved" }[this.what];
    const words = `${name}: largest ${figure(W2[at])}, from neuron ${Math.floor(at / nOut) + 1} to ${experiment.learner.classNames[at % nOut]}.`;
    this.second.setAttribute("aria-label", words);
    this.secondWords.textContent = words;
  }

  /** The neuron that is pointed at. */
  #look() {
    if (!this.last) return;
    const { experiment, lesson, backward, rate } = this.last;
    const j = this.grid.current;
    const slope = LAYERS[experiment.layers[1].kind].slope ?? (() => 1);
    const { side } = experiment.learner.frame;
    this.chain.show(experiment.layers, lesson, backward, { j, rate, side, slope, colours: coloursNow() });
    const error = backward.errors[2][lesson.label];
    const fires = backward.at[1][j];
    this.readOut.textContent = `Neuron ${j + 1} to ${experiment.learner.classNames[lesson.label]}: A1 × dZ2 = ${figure(fires)} × ${figure(error)} = ${figure(fires * error)}`;
  }
}

const coloursNow = () => ({ none: colour("--sunken"), most: colour("--accent"), least: colour("--against") });
