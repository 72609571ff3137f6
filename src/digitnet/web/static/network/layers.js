// Layers: what each kind of layer gives for one input. Rows have the shape [n], images
// [channels, height, width]; numbers are kept in float32 and added up in float64. Those that the page
// learns through have their backward pass beside it.

/** @param {number[]} shape */
export const product = (shape) => shape.reduce((all, side) => all * side, 1);

/** y = x W + b, with W [n_in, n_out] row by row. Pixels without ink add nothing and are passed over. @param {Layer} layer @param {Numbers} x */
function dense({ n_in: nIn, n_out: nOut, W, b }, x) {
  const sums = Float64Array.from(b);
  for (let i = 0; i < nIn; i++) {
    const value = x[i];
    if (value === 0) continue;
    const row = i * nOut;
    for (let o = 0; o < nOut; o++) sums[o] += value * W[row + o];
  }
  return Float32Array.from(sums);
}

/**
 * Backwards through y = x W + b: dW = xᵀ dy, db = dy, dx = dy Wᵀ; `needDx` false leaves dx out.
 * @param {Layer} layer
 * @param {Numbers} dy dL/dy
 * @param {Numbers} x
 * @param {Numbers} _ y
 * @param {boolean} needDx
 * @param {LayerGradient | null} sum of the digits before, which dW and db are added to
 */
function denseBackward({ n_in: nIn, n_out: nOut, W }, dy, x, _, needDx, sum) {
  const dW = sum?.W ?? new Float32Array(nIn * nOut);
  const db = sum?.b ?? new Float32Array(nOut);
  const dx = new Float32Array(needDx ? nIn : 0);
  for (let o = 0; o < nOut; o++) db[o] += dy[o];
  for (let i = 0; i < nIn; i++) {
    const [row, value] = [i * nOut, x[i]];
    if (value !== 0) for (let o = 0; o < nOut; o++) dW[row + o] += value * dy[o];
    if (!needDx) continue;
    let error = 0;
    for (let o = 0; o < nOut; o++) error += dy[o] * W[row + o];
    dx[i] = error;
  }
  return { dx, W: dW, b: db };
}

/**
 * Backwards through an activation: dx = dy f'(x), with the slope f' told by y = f(x).
 * @param {(y: number) => number} slope
 * @returns {(layer: Layer, dy: Numbers, x: Numbers, y: Numbers) => LayerGradient}
 */
const throughSlope = (slope) => (_layer, dy, _x, y) => ({ dx: dy.map((error, i) => error * slope(y[i])) });

/** Backwards through a layer that hands on what it gets. @param {Layer} _ @param {Numbers} dy @returns {LayerGradient} */
const throughNothing = (_, dy) => ({ dx: dy });

/** The slope of an activation where it gives y. @type {Record<string, (y: number) => number>} */
const SLOPES = {
  Sigmoid: (y) => y * (1 - y),
  Tanh: (y) => 1 - y * y,
  ReLU: (y) => (y > 0 ? 1 : 0),
};

/**
 * A window of weights at every place of an image; W is [channels_in * size * size, channels_out].
 * @param {Layer} layer
 * @param {Numbers} x
 * @param {number[]} shape of x
 * @param {number[]} to the shape it gives
 */
function convolution(layer, x, shape, [nOut, rows, columns]) {
  const { W, b } = layer;
  const area = rows * columns;
  const y = new Float32Array(nOut * area);
  const seen = new Float64Array(layer.channels_in * layer.size ** 2);
  for (let place = 0; place < area; place++) {
    look(layer, x, shape, Math.floor(place / columns), place % columns, seen);
    let o = 0;
    for (; o + 4 <= nOut; o += 4) {
      // Four sums at a time: what is seen is fetched a quarter as often.
      let s0 = b[o];
      let s1 = b[o + 1];
      let s2 = b[o + 2];
      let s3 = b[o + 3];
      for (let k = 0, at = o; k < seen.length; k++, at += nOut) {
        const value = seen[k];
        s0 += value * W[at];
        s1 += value * W[at + 1];
        s2 += value * W[at + 2];
        s3 += value * W[at + 3];
      }
      const to = o * area + place;
      y[to] = s0;
      y[to + area] = s1;
      y[to + 2 * area] = s2;
      y[to + 3 * area] = s3;
    }
    for (; o < nOut; o++) {
      let sum = b[o];
      for (let k = 0, at = o; k < seen.length; k++, at += nOut) sum += seen[k] * W[at];
      y[o * area + place] = sum;
    }
  }
  return y;
}

/**
 * What the window sees from one place: into `seen`, in the order of W's rows; 0 beyond the edges.
 * @param {Layer} layer
 * @param {Numbers} x
 * @param {number[]} shape
 * @param {number} row
 * @param {number} column
 * @param {Float64Array} seen
 */
function look({ size, stride, padding }, x, [channels, height, width], row, column, seen) {
  const [top, left] = [row * stride - padding, column * stride - padding];
  let k = 0;
  for (let c = 0; c < channels; c++) {
    for (let i = top; i < top + size; i++) {
      for (let j = left; j < left + size; j++) {
        const isInside = i >= 0 && i < height && j >= 0 && j < width;
        seen[k++] = isInside ? x[(c * height + i) * width + j] : 0;
      }
    }
  }
}

/**
 * One number for each window of size x size: `step` takes it so far and the next pixel.
 * @param {Layer} layer
 * @param {Numbers} x
 * @param {number[]} shape
 * @param {number} start
 * @param {(soFar: number, pixel: number) => number} step
 */
function pool({ size }, x, [channels, height, width], start, step) {
  const [rows, columns] = [height / size, width / size];
  const y = new Float64Array(channels * rows * columns).fill(start);
  for (let c = 0; c < channels; c++) {
    for (let row = 0; row < height; row++) {
      const from = (c * height + row) * width;
      const to = (c * rows + Math.floor(row / size)) * columns;
      for (let column = 0; column < width; column++) {
        const at = to + Math.floor(column / size);
        y[at] = step(y[at], x[from + column]);
      }
    }
  }
  return y;
}

/** @param {Layer} layer @param {number[]} shape */
const pooled = ({ size }, [channels, height, width]) => [channels, height / size, width / size];

/** The image sheared until the principal axis of its ink is upright, its mass in the middle sideways. @param {Layer} layer @param {Numbers} x */
function deskew({ height, width }, x) {
  let [mass, momentX, momentY] = [0, 0, 0];
  const byRow = new Float64Array(height);
  const moments = new Float64Array(height);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const value = x[row * width + column];
      byRow[row] += value;
      moments[row] += value * (column - (width - 1) / 2);
    }
    mass += byRow[row];
    momentX += moments[row];
    momentY += byRow[row] * row;
  }
  mass = Math.max(mass, 1e-6);
  const [meanX, meanY] = [momentX / mass, momentY / mass];
  let [variance, covariance] = [0, 0];
  for (let row = 0; row < height; row++) {
    variance += byRow[row] * (row - meanY) ** 2;
    covariance += moments[row] * (row - meanY);
  }
  const slant = Math.min(1, Math.max(-1, covariance / Math.max(variance, 1e-6)));
  const y = new Float32Array(height * width);
  for (let row = 0; row < height; row++) {
    const shift = slant * (row - meanY) + meanX;
    const whole = Math.floor(shift);
    const part = shift - whole;
    const ink = (/** @type {number} */ column) =>
      column >= 0 && column < width ? x[row * width + column] : 0;
    for (let column = 0; column < width; column++) {
      y[row * width + column] = ink(column + whole) * (1 - part) + ink(column + whole + 1) * part;
    }
  }
  return y;
}

/** @param {Layer} layer @param {Numbers} x */
function batchNorm({ channels, gamma, beta, mean, variance, epsilon }, x) {
  const each = x.length / channels;
  return x.map((value, i) => {
    const c = Math.floor(i / each);
    return ((value - mean[c]) * gamma[c]) / Math.sqrt(variance[c] + epsilon) + beta[c];
  });
}

/** @param {Layer} _ @param {number[]} shape */
const same = (_, shape) => shape;
/** @param {Layer} _ @param {number[]} shape */
const flat = (_, shape) => [product(shape)];

/**
 * By kind: the shape it gives for an input's shape, what it gives for an input, and, where the page
 * learns through it, the gradient: dL/dx and those of W and b, from dL/dy. An activation's slope is told from what it gives.
 * @type {Record<string, {
 *   shape: (layer: Layer, shape: number[]) => number[],
 *   forward: (layer: Layer, x: Numbers, shape: number[], to: number[]) => Numbers,
 *   backward?: (
 *     layer: Layer, dy: Numbers, x: Numbers, y: Numbers, needDx: boolean, sum: LayerGradient | null,
 *   ) => LayerGradient,
 *   slope?: (y: number) => number,
 * }>}
 */
export const LAYERS = {
  Dense: { shape: ({ n_out: nOut }) => [nOut], forward: dense, backward: denseBackward },
  Sigmoid: {
    shape: same,
    forward: (_, x) => x.map((value) => 1 / (1 + Math.exp(-value))),
    backward: throughSlope(SLOPES.Sigmoid),
    slope: SLOPES.Sigmoid,
  },
  Tanh: {
    shape: same,
    forward: (_, x) => x.map(Math.tanh),
    backward: throughSlope(SLOPES.Tanh),
    slope: SLOPES.Tanh,
  },
  ReLU: {
    shape: same,
    forward: (_, x) => x.map((value) => Math.max(value, 0)),
    backward: throughSlope(SLOPES.ReLU),
    slope: SLOPES.ReLU,
  },
  Dropout: { shape: same, forward: (_, x) => x, backward: throughNothing },
  Flatten: { shape: flat, forward: (_, x) => x, backward: throughNothing },
  ToRows: { shape: flat, forward: (_, x) => x, backward: throughNothing },
  ToImages: { shape: ({ height, width }) => [1, height, width], forward: (_, x) => x },
  Deskew: { shape: same, forward: deskew },
  BatchNorm: { shape: same, forward: batchNorm },
  Conv2D: {
    shape: ({ channels_out: nOut, size, stride, padding }, [, height, width]) => [
      nOut,
      Math.floor((height + 2 * padding - size) / stride) + 1,
      Math.floor((width + 2 * padding - size) / stride) + 1,
    ],
    forward: convolution,
  },
  MaxPool2D: {
    shape: pooled,
    forward: (layer, x, shape) =>
      Float32Array.from(pool(layer, x, shape, -Infinity, (most, value) => Math.max(most, value))),
  },
  AveragePool2D: {
    shape: pooled,
    forward: (layer, x, shape) => {
      const sums = pool(layer, x, shape, 0, (sum, value) => sum + value);
      return Float32Array.from(sums, (sum) => sum / layer.size ** 2);
    },
  },
  GlobalAveragePool2D: {
    shape: (_, [channels]) => [channels],
    forward: (_, x, [channels, height, width]) => {
      const sums = new Float64Array(channels);
      x.forEach((value, i) => {
        sums[Math.floor(i / (height * width))] += value;
      });
      return Float32Array.from(sums, (sum) => sum / (height * width));
    },
  },
};
