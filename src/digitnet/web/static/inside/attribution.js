// Attribution: what one neuron or map of a stage is, and what it adds to each digit of a drawing.

import { signed, unsigned } from "../common/words.js";
import { product } from "../network/layers.js";
import { forwardFrom } from "../network/network.js";

/** Units after one step of a stage. */
export class Attribution {
  /**
   * @param {Stage} stage
   * @param {Layer[]} layers
   * @param {string[]} classNames
   * @param {number} step
   * @param {Seen | null} seen null where nothing is drawn
   */
  constructor(stage, layers, classNames, step, seen) {
    const { index } = stage.steps[step];
    const following = layers.slice(index + 1).filter(({ kind }) => kind !== "Dropout");
    this.layers = layers;
    this.classNames = classNames;
    this.index = index;
    this.isDrawn = seen !== null;
    this.shape = layers[index].shape;
    this.each = this.shape.length === 3 ? this.shape[1] * this.shape[2] : 1; // numbers of one unit
    /** @type {Numbers} */
    this.values = seen ? seen.at[index] : new Float32Array(product(this.shape));
    this.logits = seen ? [...seen.at[seen.at.length - 1]] : classNames.map(() => 0);
    this.answer = this.logits.indexOf(Math.max(...this.logits));
    // The layer that makes the sums, where nothing else comes between it and these units.
    this.adder = following.length === 1 && following[0].kind === "Dense" ? following[0] : null;
  }

  /** @param {number} unit @param {number} label */
  #weightTo(unit, label) {
    return this.adder ? this.adder.W[unit * this.adder.n_out + label] : 1;
  }

  /** A unit's numbers. @param {number} unit */
  part(unit) {
    return this.values.subarray(unit * this.each, (unit + 1) * this.each);
  }

  /** A neuron's number; of a map the largest. @param {number} unit */
  activation(unit) {
    return this.each === 1 ? this.values[unit] : Math.max(...this.part(unit));
  }

  /** What a unit adds to each logit: the logits, minus what they would be without it. @param {number} unit */
  adds(unit) {
    if (!this.isDrawn) return this.logits;
    const rest = this.values.slice();
    rest.fill(0, unit * this.each, (unit + 1) * this.each);
    const without = forwardFrom(this.layers, this.index, rest);
    return this.logits.map((logit, label) => logit - without[label]);
  }

  /** How strongly it fires, in words; null where nothing is drawn. @param {number} unit */
  fires(unit) {
    if (!this.isDrawn) return null;
    const strength = this.activation(unit);
    const amount = strength.toFixed(2).replace("-", "−");
    if (this.each > 1) return `It lights up to ${amount} at its brightest place`;
    if (strength < 0) return `It stands at ${amount}`;
    return strength < 0.005 ? "It does not fire" : `It fires at ${amount}`;
  }

  /** What it adds to the answer, in numbers. @param {number} unit @param {number[]} added */
  sum(unit, added) {
    if (!this.isDrawn) return "";
    const result = `${unsigned(added[this.answer])} for ${this.classNames[this.answer]}`;
    if (!this.adder) return `with it minus without it: ${result}`;
    return `${unsigned(this.activation(unit))} × ${unsigned(this.#weightTo(unit, this.answer))} = ${result}`;
  }

  /** Of n units the one to begin with: it does most for the answer where the sums come next, else it fires most. @param {number} n */
  first(n) {
    const worth = (/** @type {number} */ unit) => this.activation(unit) * this.#weightTo(unit, this.answer);
    let best = 0;
    for (let unit = 1; unit < n; unit++) if (worth(unit) > worth(best)) best = unit;
    return best;
  }
}

/** The weights of a neuron, one for each number before it. @param {Layer} layer @param {number} unit */
export function weightsOf({ W, n_in: nIn, n_out: nOut }, unit) {
  return Float32Array.from({ length: nIn }, (_, i) => W[i * nOut + unit]);
}

/** The weights of a window as a picture; null where it looks at several maps at once. @param {Layer} layer @param {number} unit */
export function windowOf({ W, channels_in: channels, channels_out: nOut, size }, unit) {
  if (channels > 1) return null;
  const values = Float32Array.from({ length: size * size }, (_, i) => W[i * nOut + unit]);
  return { values, width: size, height: size };
}

/**
 * The neurons that add most to an answer, in words.
 * @param {Layer} layer the one that makes the sums
 * @param {Numbers} fires what comes into it
 * @param {number} label
 * @param {number} most so many are named
 */
export function strongestFor({ W, n_out: nOut }, fires, label, most) {
  const adds = Array.from(fires, (strength, j) => strength * W[j * nOut + label]);
  const order = [...adds.keys()].sort((a, b) => adds[b] - adds[a]).slice(0, most);
  return order.filter((j) => adds[j] > 0).map((j) => `${j + 1} (${signed(adds[j])})`);
}
