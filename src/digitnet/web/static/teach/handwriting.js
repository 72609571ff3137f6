// Handwriting: the ways of writing each digit that come with a model, written a little differently
// every time, and a drawing of one's own written once more. As in Python: digitnet/handwriting.

import { smooth } from "../draw/examples.js";
import { normal } from "../network/random.js";

// How much hands differ: standard deviations, lengths in heights of the digit, angles in radians.
/** @type {Spread} */
const HANDS = { lean: 0.22, turn: 0.12, width: 0.2, miss: 0.028, wave: 0.05, pen: 0.3 };
/** @type {Spread} */
const ONE_HAND = { lean: 0.1, turn: 0.08, width: 0.1, miss: 0, wave: 0.03, pen: 0.15 };
const LEANS = 0.15; // to the right, in the mean
const PEN = 0.071; // radius

/** A digit as some hand writes it. @param {string} way @param {Random} random @returns {Stroke[]} */
export function written(way, random) {
  const strokes = way.split("/").map((stroke) =>
    smooth(
      stroke
        .trim()
        .split(" ")
        .flatMap((word) => {
          const [x, y] = word
            .replace("!", "")
            .split(",")
            .map((n) => Number(n) / 100 + HANDS.miss * normal(random));
          return word.endsWith("!")
            ? [
                [x, y],
                [x, y],
              ]
            : [[x, y]];
        }),
    ).map(([x, y]) => ({ x, y, r: PEN })),
  );
  return bent(strokes, HANDS, LEANS, random);
}

/** A drawing as the same hand might have drawn it another time. @param {Stroke[]} strokes @param {Random} random @returns {Stroke[]} */
export function again(strokes, random) {
  const ys = strokes.flat().map(({ y }) => y);
  const [top, height] = [Math.min(...ys), Math.max(Math.max(...ys) - Math.min(...ys), 1e-3)];
  const upright = strokes.map((stroke) =>
    stroke.map(({ x, y, r }) => ({ x: (x - top) / height, y: (y - top) / height, r: r / height })),
  );
  return bent(upright, ONE_HAND, 0, random);
}

/**
 * Strokes of height 1 with the paper bent in a wave, then stretched, leaning and turned.
 * @param {Stroke[]} strokes
 * @param {Spread} spread
 * @param {number} leans
 * @param {Random} random
 */
function bent(strokes, spread, leans, random) {
  const phase = 2 * Math.PI * random();
  const [along, down] = [4 * normal(random), 4 * normal(random)];
  const [across, up] = [spread.wave * normal(random), spread.wave * normal(random)];
  const wide = Math.exp(spread.width * normal(random));
  const lean = leans + spread.lean * normal(random);
  const turn = spread.turn * normal(random);
  const pen = Math.exp(spread.pen * normal(random));
  const [cos, sin] = [Math.cos(turn), Math.sin(turn)];
  return strokes.map((stroke) =>
    stroke.map(({ x, y, r }) => {
      const wave = Math.SQRT2 * Math.sin(along * x + down * y + phase);
      const [bentX, bentY] = [x + across * wave, y + up * wave];
      const leant = bentX * wide - lean * bentY;
      return { x: cos * leant - sin * bentY, y: sin * leant + cos * bentY, r: r * pen };
    }),
  );
}
