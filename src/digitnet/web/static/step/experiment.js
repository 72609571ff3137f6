// Experiment: a copy of a network that learns in the page, one digit a step. The model stays as it is.

import { indexOfMost } from "../common/paint.js";
import { example } from "../draw/examples.js";
import { descend, lossAndGradient } from "../network/backpropagation.js";
import { frameOf } from "../network/framing.js";
import { LAYERS } from "../network/layers.js";
import { asInput, pass } from "../network/network.js";
import { randomFrom } from "../network/random.js";

const FIXED = new Set(["Deskew", "Flatten"]);
const ACTIVATIONS = new Set(["Sigmoid", "Tanh", "ReLU"]);
const DIGITS = "0123456789";
const N_HIDDEN = 64;
const SEED = 7;

/**
 * A model as one that one step can be shown on: two Dense layers with an activation between, ten
 * digits; null if it is another.
 * @param {Model} model
 * @returns {Learner | null}
 */
export function learnerOf({ members, classNames, framing, frame }) {
  const first = members[0].findIndex(({ kind }) => !FIXED.has(kind));
  const [one, f, two, more] = members[0].slice(first);
  const fits =
    members.length === 1 &&
    classNames.join("") === DIGITS &&
    one?.kind === "Dense" &&
    two?.kind === "Dense" &&
    ACTIVATIONS.has(f.kind) &&
    !more;
  if (!fits) return null;
  return { fixed: members[0].slice(0, first), layers: [one, f, two], classNames, framing, frame };
}

/** The original program's network, 784-64-10, that has learnt nothing. @param {FrameNumbers} frame @returns {Learner} */
export function newLearner(frame) {
  const n = frame.side ** 2;
  const layers = [
    dense(n, N_HIDDEN),
    { kind: "Sigmoid", inputShape: [64], shape: [64] },
    dense(N_HIDDEN, 10),
  ];
  const deskew = { kind: "Deskew", height: frame.side, width: frame.side, inputShape: [n], shape: [n] };
  return { fixed: [deskew], layers, classNames: [...DIGITS], framing: "mnist", frame };
}

/** @param {number} nIn @param {number} nOut @returns {Layer} */
function dense(nIn, nOut) {
  const numbers = { W: new Float32Array(nIn * nOut), b: new Float32Array(nOut) };
  return { kind: "Dense", n_in: nIn, n_out: nOut, inputShape: [nIn], shape: [nOut], ...numbers };
}

export class Experiment {
  /** @type {Layer[]} the copy that learns */
  layers = [];
  /** @type {Measured[]} after each step; the first before any */
  history = [];
  /** @type {Set<number>} the labels of the steps so far */
  taught = new Set();
  turn = 0; // which sample is next, of those in turn

  /** @param {Learner} learner @param {string} start */
  constructor(learner, start) {
    this.learner = learner;
    this.samples = [...DIGITS].map((name, label) =>
      this.lessonOf(frameOf(example(label), learner.framing, learner.frame), label, `sample ${name}`),
    );
    this.begin(start);
  }

  /** A frame that is to be read as `label`. @param {Uint8Array | null} frame @param {number} label @param {string} name @returns {Lesson} */
  lessonOf(frame, label, name) {
    const seen = frame ?? new Uint8Array(this.learner.frame.side ** 2);
    const { at } = pass(this.learner.fixed, asInput(seen));
    return { frame: seen, input: at.at(-1) ?? asInput(seen), label, name };
  }

  /** Start again: from the model as it is, small random weights, or nothing but 0. @param {string} start */
  begin(start) {
    const random = randomFrom(SEED);
    this.layers = this.learner.layers.map(({ ...layer }) => {
      if (!layer.W) return layer;
      const reach = Math.sqrt(6 / (layer.n_in + layer.n_out)); // Glorot and Bengio 2010, eq. 16
      const same = start === "model";
      layer.W = layer.W.map((/** @type {number} */ w) =>
        same ? w : start === "random" ? (2 * random() - 1) * reach : 0,
      );
      layer.b = layer.b.map((/** @type {number} */ b) => (same ? b : 0));
      return layer;
    });
    this.first = this.layers.map(({ W }) => W?.slice() ?? null);
    this.history = [];
    this.taught = new Set();
    this.turn = 0;
  }

  /** How the model as it is reads a frame. @param {Lesson} lesson */
  read({ input }) {
    return indexOfMost(pass(this.learner.layers, input).at[2]);
  }

  /** Loss and gradient of a lesson, with the weights as they are now. @param {Lesson} lesson */
  look(lesson) {
    return lossAndGradient(this.layers, lesson.input, lesson.label);
  }

  /** One step of gradient descent on one digit; what was measured before it and after. @param {Lesson} lesson @param {number} rate */
  step(lesson, rate) {
    const before = this.measure(lesson);
    if (this.history.length === 0) this.history.push(before);
    descend(this.layers, this.look(lesson), rate);
    const after = this.measure(lesson);
    this.history.push(after);
    this.taught.add(lesson.label);
    return { before, after };
  }

  /** @param {Lesson} lesson @returns {Measured} */
  measure(lesson) {
    const each = this.samples.map((sample) => this.look(sample));
    return {
      loss: this.look(lesson).loss,
      mean: each.reduce((sum, { loss }) => sum + loss, 0) / each.length,
      read: each.map(({ probabilities }) => indexOfMost(probabilities)),
    };
  }

  /** How many hidden neurons pass hardly any error on, whichever sample they see. */
  nStuck() {
    const [one, f] = this.layers;
    const all = this.samples.map(({ input }) => {
      const y = pass([one, f], input).at[1];
      const slope = LAYERS[f.kind].slope;
      return y.map((value) => (slope ? slope(value) : 1));
    });
    return Array.from(all[0]).reduce((n, _, j) => n + (all.every((slopes) => slopes[j] < 1e-3) ? 1 : 0), 0);
  }

  /** Whether all hidden neurons are copies of one. */
  areCopies() {
    const [{ W, n_out: n }, , { W: W2, n_out: nOut }] = this.layers;
    return (
      W.every((/** @type {number} */ w, /** @type {number} */ i) => w === W[i - (i % n)]) &&
      W2.every((/** @type {number} */ w, /** @type {number} */ i) => w === W2[i % nOut])
    );
  }
}
