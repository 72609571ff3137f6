// Framing: a drawing made the frame that MNIST would have made of it.
//
// A drawing is a list of strokes, each a list of points {x, y, r}: a place and the pen's radius
// there, all in the same unit. The frame's side, the box in it and the widths of MNIST's strokes
// are Python's, and come with the model.

const EDGE = 0.25; // a pixel with less ink is a line's soft edge, outside its box
const BLOT = 0.55; // a stroke as broad as this share of the drawing is no stroke

/**
 * The frame, side * side bytes with ink 255, or null where nothing is drawn but a dot.
 * @param {Stroke[]} strokes
 * @param {string} framing
 * @param {FrameNumbers} numbers
 */
export function frameOf(strokes, framing, numbers) {
  if (framing === "stretch") return stretched(strokes, numbers);
  const { box, fine } = numbers;
  const drawn = withMnistPen(strokes, numbers);
  if (!drawn) return null;
  const { left, top, right, bottom } = bounds(drawn);
  const scale = (box * fine) / Math.max(right - left, bottom - top);
  const width = Math.ceil((right - left) * scale) + 2;
  const height = Math.ceil((bottom - top) * scale) + 2;
  const placed = drawn.map((stroke) =>
    stroke.map(({ x, y, r }) => ({
      x: (x - left) * scale + 1,
      y: (y - top) * scale + 1,
      r: r * scale,
    })),
  );
  return frameOfInk(cover(placed, width, height), width, height, numbers);
}

/**
 * The original program's way, for models trained so: the whole pad, neither cropped nor moved.
 * @param {Stroke[]} strokes
 * @param {FrameNumbers} numbers
 */
function stretched(strokes, { side: frameSide, fine }) {
  if (strokes.length === 0) return null;
  const side = frameSide * fine;
  const placed = strokes.map((stroke) =>
    stroke.map(({ x, y, r }) => ({ x: x * side, y: y * side, r: r * side })),
  );
  const { ink } = shrunk(cover(placed, side, side), side, side, fine);
  return Uint8Array.from(ink, (share) => Math.round(share * 255));
}

/** The box around all ink. @param {Stroke[]} strokes */
function bounds(strokes) {
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

/**
 * The drawing with strokes as broad as MNIST's, once it is as long as the box; null for a mere dot.
 * A pen much too thin or too thick for the size of the digit would else make it a stranger.
 * @param {Stroke[]} strokes
 * @param {FrameNumbers} numbers
 */
function withMnistPen(strokes, { box, thinnest, thickest }) {
  const points = strokes.flat();
  if (points.length === 0) return null;
  const { left, top, right, bottom } = bounds(strokes);
  const longest = Math.max(right - left, bottom - top);
  const pen = (2 * points.reduce((sum, { r }) => sum + r, 0)) / points.length;
  if (pen > BLOT * longest) return null;
  const width = (pen / longest) * box;
  const wanted = Math.min(Math.max(width, thinnest), thickest);
  if (wanted === width) return strokes;
  const factor = (wanted * (longest - pen)) / ((box - wanted) * pen);
  return strokes.map((stroke) => stroke.map(({ x, y, r }) => ({ x, y, r: r * factor })));
}

/** The share of each pixel that is under ink, of strokes given in pixels. @param {Stroke[]} strokes @param {number} width @param {number} height */
function cover(strokes, width, height) {
  const ink = new Float32Array(width * height);
  for (const stroke of strokes) {
    for (let k = 0; k < stroke.length; k++) {
      line(ink, width, height, stroke[Math.max(k - 1, 0)], stroke[k]);
    }
  }
  return ink;
}

/**
 * A stroke from one point to the next with round ends; its edge is a pixel soft.
 * @param {Float32Array} ink
 * @param {number} width
 * @param {number} height
 * @param {Point} from
 * @param {Point} to
 */
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

/**
 * The frame of ink (shares from 0 to 1, row by row): cropped, its longer side made as long as the
 * box by averaging areas, its centre of mass laid in the middle; null where there is none. A pixel's
 * soft edge is no ink yet: a line's box is as long as the line.
 * @param {Float32Array} ink
 * @param {number} width
 * @param {number} height
 * @param {FrameNumbers} numbers
 */
export function frameOfInk(ink, width, height, { side, box }) {
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
  const step = Math.max(right - left, bottom - top) / box;
  const small = shrunk(cropped, right - left, bottom - top, step);
  return centred(small.ink, small.wide, small.high, side);
}

/**
 * A picture in other pixels, each the mean of the `step` x `step` old ones that it stands for.
 * @param {Float32Array} ink
 * @param {number} width
 * @param {number} height
 * @param {number} step
 */
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

/**
 * For each new pixel, which of `many` old ones it is the mean of, and each one's share of it. The
 * last one may reach past their end, where there is no ink.
 * @param {number} many
 * @param {number} step
 */
function shares(many, step) {
  return Array.from({ length: Math.ceil(many / step - 1e-9) }, (_, k) => {
    /** @type {[number, number][]} */
    const found = [];
    for (let i = Math.floor(k * step); i < Math.min(many, Math.ceil((k + 1) * step)); i++) {
      const overlap = Math.min(i + 1, (k + 1) * step) - Math.max(i, k * step);
      if (overlap > 1e-9) found.push([i, overlap / step]);
    }
    return found;
  });
}

/**
 * Ink in its place: whole pixels, the centre of mass at most one past the middle, as in MNIST.
 * @param {Float32Array} ink
 * @param {number} width
 * @param {number} height
 * @param {number} side the frame's
 */
function centred(ink, width, height, side) {
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
  const start = (/** @type {number} */ moment, /** @type {number} */ size) =>
    Math.min(Math.max(Math.ceil(side / 2 - moment / mass - 1e-6), 0), side - size);
  const [left, top] = [start(x, width), start(y, height)];
  const frame = new Uint8Array(side * side);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      frame[(top + row) * side + left + column] = Math.round(ink[row * width + column] * 255);
    }
  }
  return frame;
}
