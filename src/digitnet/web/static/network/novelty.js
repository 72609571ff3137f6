// Novelty: how unlike every class that was learnt a frame is, by its strokes and their places.
// The same second opinion as digitnet/models/novelty.py, which says where it comes from, and whose
// numbers come with the model.

/**
 * The higher of two opinions: how far the frame is from the class that fits best, and what a
 * network says that has learnt others, where the model has one.
 * @param {Novelty} novelty
 * @param {FrameNumbers} numbers
 * @param {Uint8Array} frame
 */
export function noveltyOf(novelty, numbers, frame) {
  const seen = features(novelty, numbers, frame);
  return Math.max(farness(novelty, seen), otherness(novelty, seen));
}

/** What its network makes of the features. @param {Novelty} novelty @param {Float64Array} seen */
function otherness({ hidden, readout }, seen) {
  if (!hidden || !readout) return -Infinity;
  const nHidden = readout.length - 1;
  const nRead = hidden.length / nHidden - 1; // models from before the rises do without them
  const excited = Float64Array.from(hidden.subarray(nRead * nHidden)); // the biases
  seen.subarray(0, nRead).forEach((value, i) => {
    if (value === 0) return;
    for (let k = 0; k < nHidden; k++) excited[k] += value * hidden[i * nHidden + k];
  });
  return excited.reduce((sum, value, k) => sum + Math.max(value, 0) * readout[k], readout[nHidden]);
}

/** -2 log density of the class that fits best, up to a constant. @param {Novelty} novelty @param {Float64Array} seen */
function farness({ axes, centres, whitening }, seen) {
  const nAxes = (2 * whitening.length) / centres.length - 1; // rows of triangles
  const x = new Float64Array(nAxes);
  seen.subarray(0, axes.length / nAxes).forEach((value, i) => {
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

/**
 * Stroke directions under soft windows, the ink under hard ones, and how much it rises along each
 * row and each column.
 * @param {Novelty} novelty
 * @param {FrameNumbers} numbers
 * @param {Uint8Array} frame
 */
function features(novelty, numbers, frame) {
  const { cells, directions, ink_side: inkSide, ink_weight: weight } = novelty;
  const { side } = numbers;
  const nStrokes = cells * cells * directions;
  const nPlaced = nStrokes + inkSide * inkSide;
  const found = new Float64Array(nPlaced + 2 * side);
  strokeDirections(novelty, numbers, frame, found.subarray(0, nStrokes));
  const size = Math.floor(side / inkSide); // of a hard window
  const margin = (side - size * inkSide) / 2;
  for (let i = 0; i < inkSide * size; i++) {
    for (let j = 0; j < inkSide * size; j++) {
      const at = nStrokes + Math.floor(i / size) * inkSide + Math.floor(j / size);
      found[at] += frame[(margin + i) * side + margin + j] / 255 / size ** 2;
    }
  }
  for (let k = nStrokes; k < nPlaced; k++) found[k] = weight * Math.sqrt(found[k]);
  frame.forEach((value, at) => {
    const [row, column] = [Math.floor(at / side), at % side];
    const left = column > 0 ? frame[at - 1] : 0;
    const above = row > 0 ? frame[at - side] : 0;
    found[nPlaced + row] += Math.max(value - left, 0) / 255;
    found[nPlaced + side + column] += Math.max(value - above, 0) / 255;
  });
  return found;
}

/**
 * Each pixel's gradient, split onto the two of eight directions that it lies between and summed
 * under each window; the whole brought to length 1, and each value replaced by its root.
 * @param {Novelty} novelty
 * @param {FrameNumbers} numbers
 * @param {Uint8Array} frame
 * @param {Float64Array} sums
 */
function strokeDirections(novelty, numbers, frame, sums) {
  const { side } = numbers;
  const { cells, directions } = novelty;
  const soft = windows(novelty, numbers);
  const ink = (/** @type {number} */ row, /** @type {number} */ column) =>
    row < 0 || column < 0 || row >= side || column >= side ? 0 : frame[row * side + column] / 255;
  /** @param {number} row @param {number} column @param {number} direction @param {number} amount */
  function add(row, column, direction, amount) {
    if (amount === 0) return;
    for (let i = 0; i < cells; i++) {
      for (let j = 0; j < cells; j++) {
        sums[(i * cells + j) * directions + direction] += amount * soft[i][row] * soft[j][column];
      }
    }
  }
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      const [a, b, c] = [ink(row - 1, column - 1), ink(row - 1, column), ink(row - 1, column + 1)];
      const [d, e] = [ink(row, column - 1), ink(row, column + 1)];
      const [f, g, h] = [ink(row + 1, column - 1), ink(row + 1, column), ink(row + 1, column + 1)];
      const gx = c + 2 * e + h - a - 2 * d - f;
      const gy = f + 2 * g + h - a - 2 * b - c;
      if (gx === 0 && gy === 0) continue;
      const [along, across] = [Math.abs(gx), Math.abs(gy)];
      const straight = along > across ? (gx > 0 ? 0 : 4) : gy > 0 ? 2 : 6;
      const slanted = gy > 0 ? (gx > 0 ? 1 : 3) : gx > 0 ? 7 : 5;
      add(row, column, straight, Math.abs(along - across));
      add(row, column, slanted, Math.SQRT2 * Math.min(along, across));
    }
  }
  const length = Math.sqrt(sums.reduce((all, value) => all + value ** 2, 0)) + 1e-6;
  sums.forEach((value, k) => {
    sums[k] = Math.sqrt(value / length);
  });
}

/** Gaussian windows along one side, over the box that digits are framed in. @param {Novelty} novelty @param {FrameNumbers} numbers */
function windows({ cells, spread }, { side, box }) {
  const width = box / cells;
  return Array.from({ length: cells }, (_, i) => {
    const centre = (side - box) / 2 + (i + 0.5) * width - 0.5;
    const window = Array.from({ length: side }, (_, k) =>
      Math.exp(-0.5 * ((k - centre) / (spread * width)) ** 2),
    );
    const sum = window.reduce((all, value) => all + value, 0);
    return window.map((value) => value / sum);
  });
}
