// Network: a model's bytes made a network again, and its answer with every layer's activations.

import { LAYERS } from "./layers.js";
import { noveltyOf } from "./novelty.js";
import { ALWAYS, leastProbability } from "./risk.js";

/** The model that the bytes of /api/model hold: a JSON header, then float32 numbers. @param {ArrayBuffer} buffer @returns {Model} */
export function decodeModel(buffer) {
  const nHeader = buffer.byteLength >= 4 ? new DataView(buffer).getUint32(0, true) : Infinity;
  if (4 + nHeader > buffer.byteLength) throw new Error("its bytes end before their header does");
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, nHeader)));
  const numbers = new Float32Array(buffer, 4 + nHeader);
  return {
    name: header.name,
    network: header.network,
    classNames: header.class_names,
    framing: header.framing,
    frame: header.frame,
    ways: header.ways,
    described: {
      folder: header.folder,
      layers: header.members[0].layers,
      novelty: header.calibration.novelty?.arrays ?? [],
    },
    temperature: header.calibration.temperature,
    leastProbability: header.calibration.least_probability,
    risk: header.calibration.risk,
    offered: header.calibration.offered,
    risks: header.calibration.risks,
    novelty: decodeNovelty(header.calibration.novelty, numbers),
    members: header.members.map((/** @type {{ layers: Described[] }} */ { layers }) =>
      decodeMember(layers, header.frame.side, numbers),
    ),
  };
}

/**
 * Layers with their parameters as W, b and so on, and the shapes that go in and come out.
 * @param {Described[]} described
 * @param {number} side
 * @param {Float32Array} numbers
 * @returns {Layer[]}
 */
function decodeMember(described, side, numbers) {
  let inputShape = [side * side];
  return described.map(({ parameters, ...settings }) => {
    const kind = LAYERS[settings.kind];
    if (!kind) throw new Error(`it has a layer ${settings.kind} that this page does not know`);
    /** @type {Layer} */
    const layer = { ...settings, inputShape, shape: inputShape };
    for (const each of parameters) layer[each.name.replace(/\d+$/, "")] = arrayAt(each, numbers);
    inputShape = kind.shape(layer, inputShape);
    layer.shape = inputShape;
    return layer;
  });
}

/**
 * What tells that a frame is no digit, or null where every frame is taken for one.
 * @param {any} described
 * @param {Float32Array} numbers
 * @returns {Novelty | null}
 */
function decodeNovelty(described, numbers) {
  if (!described) return null;
  const { arrays, ...settings } = described;
  const named = arrays.map((/** @type {Placed} */ each) => [each.name, arrayAt(each, numbers)]);
  return { ...settings, ...Object.fromEntries(named) };
}

/** @param {Placed} placed @param {Float32Array} numbers */
function arrayAt({ shape, offset }, numbers) {
  const size = shape.reduce((all, side) => all * side, 1);
  const array = numbers.subarray(offset, offset + size);
  if (array.length < size) throw new Error("its numbers end too soon");
  return array;
}

/** What a frame (bytes, ink 255) is to the network: numbers from 0 to 1. @param {Uint8Array} frame */
export function asInput(frame) {
  return Float32Array.from(frame, (byte) => byte / 255);
}

/** Logits, and for each member every layer's activations. @param {Model} model @param {Uint8Array} frame @returns {Pass} */
export function forward(model, frame) {
  const input = asInput(frame);
  const members = model.members.map((layers) => pass(layers, input));
  const logits = model.classNames.map(
    (_, label) => members.reduce((sum, { at }) => sum + at[at.length - 1][label], 0) / members.length,
  );
  return { input, logits: Float32Array.from(logits), members };
}

/** What each layer gives, one after the other. @param {Layer[]} layers @param {Numbers} input @returns {Activations} */
export function pass(layers, input) {
  /** @type {Numbers[]} */
  const at = [];
  let x = input;
  for (const layer of layers) {
    x = LAYERS[layer.kind].forward(layer, x, layer.inputShape, layer.shape);
    at.push(x);
  }
  return { at };
}

/** The logits of one member if layer `index` had given `activation`. @param {Layer[]} layers @param {number} index @param {Numbers} activation */
export function forwardFrom(layers, index, activation) {
  const { at } = pass(layers.slice(index + 1), activation);
  return at.length ? at[at.length - 1] : activation;
}

/** Calibrated probabilities of logits. @param {Model} model @param {Float32Array} logits */
function probabilities(model, logits) {
  const most = Math.max(...logits);
  const powers = Array.from(logits, (logit) => Math.exp((logit - most) / model.temperature));
  const sum = powers.reduce((all, power) => all + power, 0);
  return powers.map((power) => power / sum);
}

/**
 * The answer to a frame with its logits: probabilities, the classes from the likeliest on, whether
 * the frame looks like none of them, and whether the model stands by its answer.
 * @param {Model} model
 * @param {Float32Array} logits
 * @param {Uint8Array} frame
 * @param {number | null} risk which share of the answers may be wrong; null as the model was made
 * @returns {Answer}
 */
export function answerOf(model, logits, frame, risk = model.risk) {
  const likely = probabilities(model, logits);
  const order = likely.map((_, label) => label).sort((a, b) => likely[b] - likely[a]);
  const { novelty } = model;
  const always = risk === ALWAYS;
  const isNone = !always && novelty !== null && noveltyOf(novelty, model.frame, frame) > novelty.most;
  const sure = !isNone && likely[order[0]] >= leastProbability(model, risk);
  return { probabilities: likely, order, isNone, sure };
}
