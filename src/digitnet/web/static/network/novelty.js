// Novelty: how unlike every class that was learnt a frame is, by its strokes and their places.
// The same second opinion as digitnet/novelty.py, which says where it comes from.

const SIDE = 28;
const CELLS = 4; // the frame is seen through CELLS x CELLS soft windows
const DIRECTIONS = 8;
const INK_SIDE = 12; // and the ink of its inner 24 x 24 pixels through INK_SIDE x INK_SIDE hard ones
const INK_WEIGHT = 0.2;
const N_STROKES = CELLS * CELLS * DIRECTIONS;
const WINDOWS = windows();

// -2 log density of the class that fits best, up to a constant, for a frame of 784 bytes.
export function noveltyOf({ axes, centres, whitening }, frame) {
  const seen = features(frame);
  const nAxes = axes.length / seen.length;
  const x = new Float64Array(nAxes);
  seen.forEach((value, i) => {
    if (value === 0) return;
    for (let k = 0; k < nAxes; k++) x[k] += value * axes[i * nAxes + k];
  });
  let least = Infinity;
  for (let from = 0, at = 0; from < centres.length; from += nAxes) {
    let distance = 0;
    for (let row = 0; row < nAxes; row++) {
      let white = 0;
      for (let k = 0; k <= row; k++) white += whitening[at++] * (x[k] - centres[from + k]);
      distance += white * white - 2 * Math.log(whitening[at - 1]);
    }
    least = Math.min(least, distance);
  }
  return least;
}

// Stroke directions, and the ink.
function features(frame) {
  const found = new Float64Array(N_STROKES + INK_SIDE * INK_SIDE);
  strokeDirections(frame, found);
  for (let i = 0; i < INK_SIDE; i++) {
    for (let j = 0; j < INK_SIDE; j++) {
      const at = (2 * i + 2) * SIDE + 2 * j + 2;
      const ink = (frame[at] + frame[at + 1] + frame[at + SIDE] + frame[at + SIDE + 1]) / 4 / 255;
      found[N_STROKES + i * INK_SIDE + j] = INK_WEIGHT * Math.sqrt(ink);
    }
  }
  return found;
}

// Each pixel's gradient, split onto the two of eight directions that it lies between and summed
// under each window; the whole brought to length 1, and each value replaced by its root.
function strokeDirections(frame, sums) {
  const ink = (row, column) =>
    row < 0 || column < 0 || row >= SIDE || column >= SIDE ? 0 : frame[row * SIDE + column] / 255;
  for (let row = 0; row < SIDE; row++) {
    for (let column = 0; column < SIDE; column++) {
      const [a, b, c] = [ink(row - 1, column - 1), ink(row - 1, column), ink(row - 1, column + 1)];
      const [d, e] = [ink(row, column - 1), ink(row, column + 1)];
      const [f, g, h] = [ink(row + 1, column - 1), ink(row + 1, column), ink(row + 1, column + 1)];
      const gx = c + 2 * e + h - a - 2 * d - f;
      const gy = f + 2 * g + h - a - 2 * b - c;
      if (gx === 0 && gy === 0) continue;
      const [along, across] = [Math.abs(gx), Math.abs(gy)];
      const straight = along > across ? (gx > 0 ? 0 : 4) : gy > 0 ? 2 : 6;
      const slanted = gy > 0 ? (gx > 0 ? 1 : 3) : gx > 0 ? 7 : 5;
      add(sums, row, column, straight, Math.abs(along - across));
      add(sums, row, column, slanted, Math.SQRT2 * Math.min(along, across));
    }
  }
  let length = 0;
  for (let k = 0; k < N_STROKES; k++) length += sums[k] ** 2;
  length = Math.sqrt(length) + 1e-6;
  for (let k = 0; k < N_STROKES; k++) sums[k] = Math.sqrt(sums[k] / length);
}

function add(sums, row, column, direction, amount) {
  if (amount === 0) return;
  for (let i = 0; i < CELLS; i++) {
    for (let j = 0; j < CELLS; j++) {
      sums[(i * CELLS + j) * DIRECTIONS + direction] += amount * WINDOWS[i][row] * WINDOWS[j][column];
    }
  }
}

// Gaussian windows along one side, over the box that digits are framed in.
function windows() {
  const margin = SIDE / 7;
  const width = (SIDE * 5) / 7 / CELLS;
  return Array.from({ length: CELLS }, (_, i) => {
    const centre = margin + (i + 0.5) * width - 0.5;
    const window = Array.from({ length: SIDE }, (_, k) =>
      Math.exp(-0.5 * ((k - centre) / (0.6 * width)) ** 2),
    );
    const sum = window.reduce((all, value) => all + value, 0);
    return window.map((value) => value / sum);
  });
}
