// Paint: numbers as pictures.

/**
 * A canvas of one pixel per number.
 * @param {HTMLCanvasElement} canvas
 * @param {ArrayLike<number>} values row by row
 * @param {number} width
 * @param {number} height
 * @param {(value: number) => Colour} colourOf
 */
export function paintPixels(canvas, values, width, height, colourOf) {
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  const context = contextOf(canvas);
  const image = context.createImageData(width, height);
  for (let i = 0; i < width * height; i++) {
    const [red, green, blue] = colourOf(values[i]);
    image.data[4 * i] = red;
    image.data[4 * i + 1] = green;
    image.data[4 * i + 2] = blue;
    image.data[4 * i + 3] = 255;
  }
  context.putImageData(image, 0, 0);
}

/** A frame of bytes as the network has it: ink bright on black. @param {HTMLCanvasElement} canvas @param {ArrayLike<number>} frame */
export function paintFrame(canvas, frame) {
  const side = Math.sqrt(frame.length);
  paintPixels(canvas, frame, side, side, (byte) => [byte, byte, byte]);
}

/** @param {HTMLCanvasElement} canvas */
export function contextOf(canvas) {
  const context = canvas.getContext("2d");
  if (!context) throw new Error("this browser cannot draw on a canvas");
  return context;
}

/** From `none` at 0 to `most` at 1, and to `least` at -1. @param {Colour} none @param {Colour} most @param {Colour} least */
export function scale(none, most, least = none) {
  /** @param {number} share @returns {Colour} */
  const colourOf = (share) => {
    const end = share < 0 ? least : most;
    const t = Math.min(1, Math.abs(share));
    const mixed = (/** @type {0 | 1 | 2} */ k) => Math.round(none[k] + (end[k] - none[k]) * t);
    return [mixed(0), mixed(1), mixed(2)];
  };
  return colourOf;
}

/** Where the largest of some numbers stands; the first of equal ones. @param {ArrayLike<number>} values */
export function indexOfMost(values) {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i;
  return best;
}

/** The largest distance from 0 among some numbers; never 0, so that it can be divided by. @param {Iterable<number>} values */
export function reach(values) {
  let most = 1e-9;
  for (const value of values) most = Math.max(most, Math.abs(value));
  return most;
}
