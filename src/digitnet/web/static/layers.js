// Layers: what each kind of layer gives for one input. Rows have the shape [n], images
// [channels, height, width]; numbers are kept in float32 and added up in float64.

const product = (shape) => shape.reduce((all, side) => all * side, 1);

// y = x W + b, with W [n_in, n_out] row by row. Pixels without ink add nothing and are passed over.
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

// A window of weights at every place of an image; W is [channels_in * size * size, channels_out].
// Four output channels at a time, so that every pixel is fetched a quarter as often.
function convolution(layer, x, [channels, height, width], [nOut, rows, columns]) {
  const { size, stride, W, b } = layer;
  const [padded, high, wide] = pad(x, channels, height, width, layer.padding);
  const y = new Float32Array(nOut * rows * columns);
  const sums = [0, 1, 2, 3].map(() => new Float64Array(columns));
  const [s0, s1, s2, s3] = sums;
  for (let first = 0; first < nOut; first += 4) {
    const group = Math.min(4, nOut - first);
    for (let row = 0; row < rows; row++) {
      for (let k = 0; k < group; k++) sums[k].fill(b[first + k]);
      for (let c = 0; c < channels; c++) {
        for (let i = 0; i < size; i++) {
          const line = (c * high + row * stride + i) * wide;
          for (let j = 0; j < size; j++) {
            const w = ((c * size + i) * size + j) * nOut + first;
            const w0 = W[w];
            const w1 = group > 1 ? W[w + 1] : 0;
            const w2 = group > 2 ? W[w + 2] : 0;
            const w3 = group > 3 ? W[w + 3] : 0;
            for (let column = 0, at = line + j; column < columns; column++, at += stride) {
              const value = padded[at];
              s0[column] += value * w0;
              s1[column] += value * w1;
              s2[column] += value * w2;
              s3[column] += value * w3;
            }
          }
        }
      }
      for (let k = 0; k < group; k++) y.set(sums[k], ((first + k) * rows + row) * columns);
    }
  }
  return y;
}

// The image with a border of zeros, its height and its width.
function pad(x, channels, height, width, border) {
  if (border === 0) return [x, height, width];
  const [high, wide] = [height + 2 * border, width + 2 * border];
  const padded = new Float32Array(channels * high * wide);
  for (let c = 0; c < channels; c++) {
    for (let row = 0; row < height; row++) {
      const from = (c * height + row) * width;
      padded.set(x.subarray(from, from + width), (c * high + row + border) * wide + border);
    }
  }
  return [padded, high, wide];
}

// One number for each window of size x size: `step` takes it so far and the next pixel.
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

const pooled = ({ size }, [channels, height, width]) => [channels, height / size, width / size];

// The image sheared until the principal axis of its ink is upright, its mass in the middle sideways.
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
    const ink = (column) => (column >= 0 && column < width ? x[row * width + column] : 0);
    for (let column = 0; column < width; column++) {
      y[row * width + column] =
        ink(column + whole) * (1 - part) + ink(column + whole + 1) * part;
    }
  }
  return y;
}

function batchNorm({ channels, gamma, beta, mean, variance, epsilon }, x) {
  const each = x.length / channels;
  return x.map((value, i) => {
    const c = Math.floor(i / each);
    return ((value - mean[c]) * gamma[c]) / Math.sqrt(variance[c] + epsilon) + beta[c];
  });
}

const same = (layer, shape) => shape;
const flat = (layer, shape) => [product(shape)];

// By kind: the shape it gives for an input's shape, and what it gives for an input.
export const LAYERS = {
  Dense: { shape: ({ n_out: nOut }) => [nOut], forward: dense },
  Sigmoid: { shape: same, forward: (layer, x) => x.map((value) => 1 / (1 + Math.exp(-value))) },
  Tanh: { shape: same, forward: (layer, x) => x.map(Math.tanh) },
  ReLU: { shape: same, forward: (layer, x) => x.map((value) => Math.max(value, 0)) },
  Dropout: { shape: same, forward: (layer, x) => x },
  Flatten: { shape: flat, forward: (layer, x) => x },
  ToRows: { shape: flat, forward: (layer, x) => x },
  ToImages: { shape: ({ height, width }) => [1, height, width], forward: (layer, x) => x },
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
    shape: (layer, [channels]) => [channels],
    forward: (layer, x, [channels, height, width]) => {
      const sums = new Float64Array(channels);
      x.forEach((value, i) => (sums[Math.floor(i / (height * width))] += value));
      return Float32Array.from(sums, (sum) => sum / (height * width));
    },
  },
};
