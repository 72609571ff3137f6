// Pupil: a model that learns somebody's drawings in the page. The last layers of a copy are
// fine-tuned: on the drawings, each also a little changed, and on digits in the usual ways of writing,
// of which it is to say what it said before.

import { indexOfMost } from "../common/paint.js";
import { crossEntropy, lossAndGradient } from "../network/backpropagation.js";
import { frameOf } from "../network/framing.js";
import { LAYERS } from "../network/layers.js";
import { asInput, forwardFrom, pass } from "../network/network.js";
import { noveltyOf } from "../network/novelty.js";
import { randomFrom, shuffled } from "../network/random.js";
import { ALWAYS, leastProbability } from "../network/risk.js";
import { again, written } from "./handwriting.js";

/** Chosen on training digits and drawn hands, see docs/lab-notes.md. */
export const SETTINGS = {
  nLayers: 2, // with weights that learn, counted from the last
  nOld: 120, // digits in the usual ways that it rehearses
  nUnseen: 60, // others that only count
  nCopies: 12, // of each drawing
  steps: 120,
  nOwn: 4, // of a step
  nKept: 12,
  rate: 0.05,
  momentum: 0.9,
};
const SEED = 7;
const PATIENCE = 12; // milliseconds of work before the screen has its turn
const LEEWAY = 0.5; // that what was taught is no stranger, in Python's float32 too

/** Where the last layers begin that learn; null where the page has no way back through them. @param {Layer[]} layers @param {number} nLayers */
export function startOfTail(layers, nLayers) {
  let start = null;
  let left = nLayers;
  for (let k = layers.length - 1; k >= 0 && left > 0 && LAYERS[layers[k].kind].backward; k--) {
    if (!layers[k].W) continue;
    start = k;
    left--;
  }
  return start;
}

export class Pupil {
  /** @type {Sample[] | null} digits in the usual ways */
  old = null;
  /** @type {WeakMap<Drawn, Sample[]>} a drawing and its copies */
  samples = new WeakMap();

  /** @param {Model} model @param {Partial<typeof SETTINGS>} settings */
  constructor(model, settings = {}) {
    this.model = model;
    this.settings = { ...SETTINGS, ...settings };
    const [layers] = model.members;
    const start = model.members.length === 1 ? startOfTail(layers, this.settings.nLayers) : null;
    const knowsDigits = model.classNames.every((name, k) => name === `${k}` && model.ways[k].length > 0);
    this.canLearn = start !== null && knowsDigits;
    this.start = start ?? layers.length;
    this.fixed = layers.slice(0, this.start);
    this.tail = layers.slice(this.start);
  }

  /** What the layers before those that learn make of a frame. @param {Uint8Array} frame */
  features(frame) {
    const input = asInput(frame);
    return pass(this.fixed, input).at.at(-1) ?? input;
  }

  /** The logits that the model gave before it was taught, from another's pass. @param {Pass} now */
  logitsBefore({ input, members: [{ at }] }) {
    return Float32Array.from(forwardFrom(this.tail, -1, at[this.start - 1] ?? input));
  }

  /**
   * A copy of the model that has learnt the drawings; null where `isWanted` says that nobody waits
   * for it any more. The same drawings give the same copy.
   * @param {Drawn[]} drawings
   * @param {number | null} risk how many answers may be wrong: its threshold stays, its promise does not
   * @param {() => boolean} isWanted
   * @returns {Promise<Taught | null>}
   */
  async learn(drawings, risk = this.model.risk, isWanted = () => true) {
    const began = performance.now();
    const rest = pauses();
    this.old ??= await this.#oldDigits(rest);
    const [unseen, kept] = [this.old.slice(0, this.settings.nUnseen), this.old.slice(this.settings.nUnseen)];
    /** @type {Sample[]} */
    const own = [];
    for (const drawing of drawings) {
      const known = this.samples.get(drawing) ?? (await this.#copies(drawing, rest));
      this.samples.set(drawing, known);
      own.push(...known);
      if (!isWanted()) return null;
    }
    const tail = this.tail.map(copied);
    for (const step of this.#steps(tail, own, kept)) {
      step();
      await rest();
      if (!isWanted()) return null;
    }
    const read = (/** @type {Layer[]} */ layers, /** @type {Sample} */ { features }) =>
      indexOfMost(forwardFrom(layers, -1, features));
    const nRight = (/** @type {Layer[]} */ layers) =>
      unseen.filter((sample) => read(layers, sample) === sample.label).length;
    const firsts = drawings.map((drawing) => /** @type {Sample[]} */ (this.samples.get(drawing))[0]);
    return {
      model: this.#taught(tail, drawings, risk),
      before: firsts.map((sample) => read(this.tail, sample)),
      after: firsts.map((sample) => read(tail, sample)),
      usual: { n: unseen.length, before: nRight(this.tail), after: nRight(tail) },
      seconds: (performance.now() - began) / 1000,
    };
  }

  /** Steps of gradient descent, each to be taken: half on the drawings, half on what is kept. @param {Layer[]} tail @param {Sample[]} own @param {Sample[]} kept */
  *#steps(tail, own, kept) {
    const random = randomFrom(SEED);
    const { steps, nOwn, nKept, rate, momentum } = this.settings;
    const [ownTurns, keptTurns] = [turns(own, random), turns(kept, random)];
    const velocities = tail.map(zeros);
    for (let step = 0; step < steps; step++) {
      yield () => {
        const sums = tail.map(zeros);
        for (let k = 0; k < nOwn + nKept; k++) {
          const { features, target } = (k < nOwn ? ownTurns : keptTurns).next().value;
          lossAndGradient(tail, features, target, sums);
        }
        move(tail, sums, velocities, (rate * (1 - step / steps)) / (nOwn + nKept), momentum);
      };
    }
  }

  /** The model with other last layers. Its promises were counted before, so none is left. @param {Layer[]} tail @param {Drawn[]} drawings @param {number | null} risk @returns {Model} */
  #taught(tail, drawings, risk) {
    const { model } = this;
    const novelty = model.novelty && { ...model.novelty };
    if (novelty) {
      const own = drawings.map(({ frame }) => noveltyOf(novelty, model.frame, frame) + LEEWAY);
      novelty.most = Math.max(novelty.most, ...own);
    }
    return {
      ...model,
      members: [[...this.fixed, ...tail]],
      novelty,
      leastProbability: leastProbability(model, risk === ALWAYS ? model.risk : risk),
      risk: null,
      offered: [ALWAYS],
      risks: [],
      taught: { drawings: drawings.length, epochs_done: this.#epochs(drawings) },
    };
  }

  /** How often each copy of a drawing is seen. @param {Drawn[]} drawings */
  #epochs(drawings) {
    const { steps, nOwn, nCopies } = this.settings;
    return Math.ceil((steps * nOwn) / (drawings.length * (nCopies + 1)));
  }

  /** A drawing as it is, and as the same hand might have drawn it another time. @param {Drawn} drawing @param {() => Promise<void>} rest */
  async #copies({ strokes, label, frame }, rest) {
    const random = randomFrom(SEED);
    const found = [{ features: this.features(frame), label, target: oneHot(label, this.model) }];
    for (let k = 0; k < this.settings.nCopies; k++) {
      const copy = frameOf(again(strokes, random), this.model.framing, this.model.frame);
      if (copy) found.push({ ...found[0], features: this.features(copy) });
      await rest();
    }
    return found;
  }

  /** Digits in the usual ways, and what the model makes of each. @param {() => Promise<void>} rest */
  async #oldDigits(rest) {
    const random = randomFrom(SEED);
    const { ways, framing, frame } = this.model;
    /** @type {Sample[]} */
    const found = [];
    while (found.length < this.settings.nOld + this.settings.nUnseen) {
      const label = found.length % ways.length;
      const way = ways[label][Math.floor(random() * ways[label].length)];
      const seen = frameOf(written(way, random), framing, frame);
      if (!seen) continue;
      const features = this.features(seen);
      const { probabilities } = crossEntropy(forwardFrom(this.tail, -1, features), label);
      found.push({ features, label, target: probabilities });
      await rest();
    }
    return found;
  }
}

/** @param {number} label @param {Model} model */
const oneHot = (label, { classNames }) => Float32Array.from(classNames, (_, k) => (k === label ? 1 : 0));

/** @param {Layer} layer @returns {Layer} */
const copied = (layer) => (layer.W ? { ...layer, W: layer.W.slice(), b: layer.b.slice() } : layer);

/** @param {Layer} layer @returns {LayerGradient | null} */
const zeros = ({ W, b }) =>
  W ? { dx: new Float32Array(0), W: new Float32Array(W.length), b: new Float32Array(b.length) } : null;

/**
 * One step of gradient descent with momentum, in place.
 * @param {Layer[]} layers
 * @param {(LayerGradient | null)[]} gradients
 * @param {(LayerGradient | null)[]} velocities
 * @param {number} rate
 * @param {number} momentum
 */
function move(layers, gradients, velocities, rate, momentum) {
  layers.forEach((layer, k) => {
    for (const name of /** @type {const} */ (["W", "b"])) {
      const [gradient, velocity, weights] = [gradients[k]?.[name], velocities[k]?.[name], layer[name]];
      if (!gradient || !velocity) continue;
      for (let i = 0; i < weights.length; i++) {
        velocity[i] = momentum * velocity[i] - rate * gradient[i];
        weights[i] += velocity[i];
      }
    }
  });
}

/** Things in turn, in another order each time round. @template T @param {T[]} things @param {Random} random @returns {Generator<T, never>} */
function* turns(things, random) {
  for (;;) for (const k of shuffled(things.length, random)) yield things[k];
}

/** A pause for the screen, whenever some work was done. */
function pauses() {
  let since = performance.now();
  return async () => {
    if (performance.now() - since < PATIENCE) return;
    await new Promise((done) => setTimeout(done));
    since = performance.now();
  };
}
