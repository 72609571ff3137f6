// Paint: numbers as pictures.

// A canvas of one pixel per number; `colourOf(value)` gives [red, green, blue].
export function paintPixels(canvas, values, width, height, colourOf) {
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  const context = canvas.getContext("2d");
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

// A frame of 784 bytes as the network has it: ink bright on black.
export function paintFrame(canvas, frame) {
  paintPixels(canvas, frame, 28, 28, (byte) => [byte, byte, byte]);
}

// From `none` at 0 to `most` at 1, and to `least` at -1: three colours [red, green, blue].
export function scale(none, most, least = none) {
  return (share) => {
    const end = share < 0 ? least : most;
    const t = Math.min(1, Math.abs(share));
    return none.map((n, channel) => Math.round(n + (end[channel] - n) * t));
  };
}

// The largest distance from 0 among some numbers; never 0, so that it can be divided by.
export function reach(values) {
  let most = 1e-9;
  for (const value of values) most = Math.max(most, Math.abs(value));
  return most;
}
