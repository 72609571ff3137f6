// Attribution: what one neuron or map of a stage is, and what it does for a drawing.

import { signed } from "./unit_view.js";
import { forwardFrom } from "../network/network.js";
import { withoutUnit } from "./stages.js";

// After one step of a stage. `found` has the input and every layer's activations of a drawing, or
// is null where nothing is drawn.
export function factsOf(stage, layers, classNames, step, found) {
  const { index } = stage.steps[step];
  const { shape } = layers[index];
  const each = shape.length === 3 ? shape[1] * shape[2] : 1; // numbers of one unit
  const values = found ? found.at[index] : new Float32Array(shape.reduce((n, side) => n * side, 1));
  const following = layers.slice(index + 1).filter(({ kind }) => kind !== "Dropout");
  const logits = found ? [...found.at[found.at.length - 1]] : classNames.map(() => 0);
  const answer = logits.indexOf(Math.max(...logits));
  // The layer that makes the sums, where nothing else comes between it and these units.
  const adder = following.length === 1 && following[0].kind === "Dense" ? following[0] : null;

  const weightTo = (unit, label) => adder.W[unit * adder.n_out + label];
  const part = (unit) => values.subarray(unit * each, (unit + 1) * each);

  // A neuron's number; of a map the largest.
  const activation = (unit) => (each === 1 ? values[unit] : Math.max(...part(unit)));

  // What a unit adds to each logit: the logits, minus what they would be without it.
  function adds(unit) {
    if (!found) return logits;
    const rest = forwardFrom(layers, index, withoutUnit(values, shape, unit));
    return logits.map((logit, label) => logit - rest[label]);
  }

  // How strongly it fires, in words.
  function fires(unit) {
    const strength = activation(unit);
    const amount = strength.toFixed(2).replace("-", "−");
    if (each > 1) return `It lights up to ${amount} at its brightest place`;
    if (strength < 0) return `It stands at ${amount}`;
    return strength < 0.005 ? "It does not fire" : `It fires at ${amount}`;
  }

  // What it adds to the answer, in numbers.
  function sum(unit, added) {
    const result = `${unsigned(added[answer])} for ${classNames[answer]}`;
    if (!adder) return `with it minus without it: ${result}`;
    return `${unsigned(activation(unit))} × ${unsigned(weightTo(unit, answer))} = ${result}`;
  }

  // The unit to begin with: the one that does most for the answer where the sums come next, else
  // the one that fires most.
  function first(n) {
    const worth = (unit) => activation(unit) * (adder ? weightTo(unit, answer) : 1);
    let best = 0;
    for (let unit = 1; unit < n; unit++) if (worth(unit) > worth(best)) best = unit;
    return best;
  }

  return { shape, each, values, isExact: adder !== null, part, activation, adds, fires, sum, first };
}

// The weights of a neuron, one for each number before it.
export function weightsOf({ W, n_in: nIn, n_out: nOut }, unit) {
  return Float32Array.from({ length: nIn }, (_, i) => W[i * nOut + unit]);
}

// The weights of a window as a picture; null where it looks at several maps at once.
export function windowOf({ W, channels_in: channels, channels_out: nOut, size }, unit) {
  if (channels > 1) return null;
  const values = Float32Array.from({ length: size * size }, (_, i) => W[i * nOut + unit]);
  return { values, width: size, height: size };
}

const unsigned = (value) => signed(value).replace("+", "");
