// Backpropagation: the loss of one digit, and its gradient by the chain rule, from the last layer
// to the first that learns. As in Python: Network.loss_and_gradient.

import { LAYERS } from "./layers.js";
import { pass } from "./network.js";

/**
 * Cross-entropy in nats, loss = -log p[label] with p = softmax(logits), and dL/dlogits = p - one-hot.
 * @param {Numbers} logits
 * @param {number} label
 */
export function crossEntropy(logits, label) {
  const most = Math.max(...logits);
  const powers = Float64Array.from(logits, (logit) => Math.exp(logit - most));
  const sum = powers.reduce((all, power) => all + power, 0);
  const probabilities = Float32Array.from(powers, (power) => power / sum);
  const dlogits = probabilities.map((p, k) => (k === label ? p - 1 : p));
  return { loss: Math.log(sum) + most - logits[label], probabilities, dlogits };
}

/**
 * One forward and one backward pass. Layers before the first that learns need no gradient.
 * @param {Layer[]} layers
 * @param {Numbers} input
 * @param {number} label
 * @returns {Backward}
 */
export function lossAndGradient(layers, input, label) {
  const { at } = pass(layers, input);
  const { loss, probabilities, dlogits } = crossEntropy(at[at.length - 1], label);
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
    const found = backward(layers[k], error, k ? at[k - 1] : input, at[k], k > first);
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
