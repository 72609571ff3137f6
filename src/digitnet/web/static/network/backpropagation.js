// Backpropagation: the loss of one digit, and its gradient by the chain rule, from the last layer
// to the first that learns. As in Python: Network.loss_and_gradient.

import { LAYERS } from "./layers.js";
import { pass } from "./network.js";

/**
 * Cross-entropy in nats, loss = -sum t log p with p = softmax(logits), and dL/dlogits = p - t. The
 * target t is one-hot for a label; it may be any probabilities, such as another network's.
 * @param {Numbers} logits
 * @param {number | Numbers} target
 */
export function crossEntropy(logits, target) {
  const most = Math.max(...logits);
  const powers = Float64Array.from(logits, (logit) => Math.exp(logit - most));
  const sum = powers.reduce((all, power) => all + power, 0);
  const probabilities = Float32Array.from(powers, (power) => power / sum);
  const wanted = (/** @type {number} */ k) =>
    typeof target === "number" ? (k === target ? 1 : 0) : target[k];
  const dlogits = probabilities.map((p, k) => p - wanted(k));
  let loss = Math.log(sum) + most;
  for (let k = 0; k < logits.length; k++) if (wanted(k) > 0) loss -= wanted(k) * logits[k];
  return { loss, probabilities, dlogits };
}

/**
 * One forward and one backward pass. Layers before the first that learns need no gradient.
 * @param {Layer[]} layers
 * @param {Numbers} input
 * @param {number | Numbers} target a label, or what is wanted of each class
 * @param {(LayerGradient | null)[]} [sums] gradients of the digits before, which this one's are added to
 * @returns {Backward}
 */
export function lossAndGradient(layers, input, target, sums) {
  const { at } = pass(layers, input);
  const { loss, probabilities, dlogits } = crossEntropy(at[at.length - 1], target);
  const first = layers.findIndex(({ W }) => W);
  /** @type {Numbers[]} */
  const errors = [];
  /** @type {(LayerGradient | null)[]} */
  const gradients = layers.map(() => null);
  /** @type {Numbers} */
  let error = dlogits;
  for (let k = layers.length - 1; k >= first; k--) {
    const { backward } = LAYERS[layers[k].kind];
    if (!backward) throw new Error(`the page has no backward pass through ${layers[k].kind}`);
    errors[k] = error;
    const found = backward(layers[k], error, k ? at[k - 1] : input, at[k], k > first, sums?.[k] ?? null);
    gradients[k] = found;
    error = found.dx;
  }
  return { loss, probabilities, at, errors, gradients };
}

/** Gradient descent: every W and b moves against its gradient, in place. @param {Layer[]} layers @param {Backward} backward @param {number} rate */
export function descend(layers, { gradients }, rate) {
  layers.forEach((layer, k) => {
    for (const name of /** @type {const} */ (["W", "b"])) {
      const gradient = gradients[k]?.[name];
      if (!gradient) continue;
      for (let i = 0; i < gradient.length; i++) layer[name][i] -= rate * gradient[i];
    }
  });
}
