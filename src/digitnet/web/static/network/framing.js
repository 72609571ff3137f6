// Framing: a drawing made the 28 x 28 frame that MNIST would have made of it.
//
// A drawing is a list of strokes, each a list of points {x, y, r}: a place and the pen's radius
// there, all in the same unit.

export const SIDE = 28;
const BOX = 20; // the longer side of a digit in its frame
const FINE = 8; // fine pixels to a frame pixel: ink is drawn on a grid this fine, then averaged
const THINNEST = 2.3; // widths of nine MNIST strokes in ten, in frame pixels
const THICKEST = 4.2;
const EDGE = 0.25;
const BLOT = 0.55; // a stroke as broad as this share of the drawing is no stroke

// The frame, 784 bytes with ink 255, or null where nothing is drawn but a dot.
export function frameOf(strokes, framing = "mnist") {
  if (framing === "stretch") return stretched(strokes);
  const drawn = withMnistPen(strokes);
  if (!drawn) return null;
  const { left, top, right, bottom } = bounds(drawn);
  const scale = (BOX * FINE) / Math.max(right - left, bottom - top);
  const width = Math.ceil((right - left) * scale) + 2;
  const height = Math.ceil((bottom - top) * scale) + 2;
  const placed = drawn.map((stroke) =>
    stroke.map(({ x, y, r }) => ({
      x: (x - left) * scale + 1,
      y: (y - top) * scale + 1,
      r: r * scale,
    })),
  );
  return frameOfInk(cover(placed, width, height), width, height);
}

// The original program's way, for models trained so: the whole pad, neither cropped nor moved.
function stretched(strokes) {
  if (strokes.length === 0) return null;
  const side = SIDE * FINE;
  const placed = strokes.map((stroke) =>
    stroke.map(({ x, y, r }) => ({ x: x * side, y: y * side, r: r * side })),
  );
  const { ink } = shrunk(cover(placed, side, side), side, side, FINE);
  return Uint8Array.from(ink, (share) => Math.round(share * 255));
}

// The box around all ink.
export function bounds(strokes) {
  const box = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity };
  for (const stroke of strokes) {
    for (const { x, y, r } of stroke) {
      box.left = Math.min(box.left, x - r);
      box.top = Math.min(box.top, y - r);
      box.right = Math.max(box.right, x + r);
      box.bottom = Math.max(box.bottom, y + r);
    }
  }
  return box;
}

// The drawing with strokes as broad as MNIST's, once it is 20 pixels long; null for a mere dot.
// A pen much too thin or too thick for the size of the digit would else make it a stranger.
export function withMnistPen(strokes) {
  const points = strokes.flat();
  if (points.length === 0) return null;
  const { left, top, right, bottom } = bounds(strokes);
  const longest = Math.max(right - left, bottom - top);
  const pen = (2 * points.reduce((sum, { r }) => sum + r, 0)) / points.length;
  if (pen > BLOT * longest) return null;
  const width = (pen / longest) * BOX;
  const wanted = Math.min(Math.max(width, THINNEST), THICKEST);
  if (wanted === width) return strokes;
  const factor = (wanted * (longest - pen)) / ((BOX - wanted) * pen);
  return strokes.map((stroke) => stroke.map(({ x, y, r }) => ({ x, y, r: r * factor })));
}

// The share of each pixel that is under ink, of strokes given in pixels.
export function cover(strokes, width, height) {
  const ink = new Float32Array(width * height);
  for (const stroke of strokes) {
    for (let k = 0; k < stroke.length; k++) {
      line(ink, width, height, stroke[Math.max(k - 1, 0)], stroke[k]);
    }
  }
  return ink;
}

// A stroke from one point to the next with round ends; its edge is a pixel soft.
function line(ink, width, height, from, to) {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const square = dx * dx + dy * dy;
  const reach = Math.max(from.r, to.r) + 1;
  const firstRow = Math.max(0, Math.floor(Math.min(from.y, to.y) - reach));
  const lastRow = Math.min(height - 1, Math.ceil(Math.max(from.y, to.y) + reach));
  const first = Math.max(0, Math.floor(Math.min(from.x, to.x) - reach));
  const last = Math.min(width - 1, Math.ceil(Math.max(from.x, to.x) + reach));
  for (let row = firstRow; row <= lastRow; row++) {
    for (let column = first; column <= last; column++) {
      const [x, y] = [column + 0.5 - from.x, row + 0.5 - from.y];
      const way = square > 0 ? Math.min(1, Math.max(0, (x * dx + y * dy) / square)) : 0;
      const away = Math.sqrt((x - way * dx) ** 2 + (y - way * dy) ** 2);
      const share = from.r + way * (to.r - from.r) - away + 0.5;
      const at = row * width + column;
      if (share > ink[at]) ink[at] = Math.min(1, share);
    }
  }
}

// The frame of ink (shares from 0 to 1, row by row): cropped, its longer side made 20 pixels by
// averaging areas, its centre of mass laid in the middle; null where there is none. A pixel's soft
// edge is no ink yet: a line's box is as long as the line.
export function frameOfInk(ink, width, height) {
  let [left, top, right, bottom] = [width, height, 0, 0];
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      if (ink[row * width + column] < EDGE) continue;
      left = Math.min(left, column);
      right = Math.max(right, column + 1);
      top = Math.min(top, row);
      bottom = Math.max(bottom, row + 1);
    }
  }
  if (right === 0) return null;
  const cropped = new Float32Array((right - left) * (bottom - top));
  for (let row = top; row < bottom; row++) {
    const from = row * width;
    cropped.set(ink.subarray(from + left, from + right), (row - top) * (right - left));
  }
  const step = Math.max(right - left, bottom - top) / BOX;
  const small = shrunk(cropped, right - left, bottom - top, step);
  return centred(small.ink, small.wide, small.high);
}

// A picture in other pixels, each the mean of the `step` x `step` old ones that it stands for.
function shrunk(ink, width, height, step) {
  const [across, down] = [shares(width, step), shares(height, step)];
  const [wide, high] = [across.length, down.length];
  const small = new Float32Array(wide * high);
  for (let row = 0; row < high; row++) {
    for (let column = 0; column < wide; column++) {
      let sum = 0;
      for (const [y, tall] of down[row]) {
        for (const [x, broad] of across[column]) sum += ink[y * width + x] * tall * broad;
      }
      small[row * wide + column] = sum;
    }
  }
  return { ink: small, wide, high };
}

// For each new pixel, which of `many` old ones it is the mean of, and each one's share of it. The
// last one may reach past their end, where there is no ink.
function shares(many, step) {
  return Array.from({ length: Math.ceil(many / step - 1e-9) }, (_, k) => {
    const found = [];
    for (let i = Math.floor(k * step); i < Math.min(many, Math.ceil((k + 1) * step)); i++) {
      const overlap = Math.min(i + 1, (k + 1) * step) - Math.max(i, k * step);
      if (overlap > 1e-9) found.push([i, overlap / step]);
    }
    return found;
  });
}

// Ink in its place: whole pixels, the centre of mass between 14 and 15 from the edge, as in MNIST.
function centred(ink, width, height) {
  let [mass, x, y] = [0, 0, 0];
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const share = ink[row * width + column];
      mass += share;
      x += share * (column + 0.5);
      y += share * (row + 0.5);
    }
  }
  mass = Math.max(mass, 1e-6);
  const start = (moment, size) =>
    Math.min(Math.max(Math.ceil(SIDE / 2 - moment / mass - 1e-6), 0), SIDE - size);
  const [left, top] = [start(x, width), start(y, height)];
  const frame = new Uint8Array(SIDE * SIDE);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      frame[(top + row) * SIDE + left + column] = Math.round(ink[row * width + column] * 255);
    }
  }
  return frame;
}
