// Crop: one digit of a picture as a picture of its own, with a little paper around it.

import { bytesOf } from "../common/base64.js";
import { make } from "../common/elements.js";
import { contextOf } from "../common/paint.js";

const PAPER = 0.25; // of the digit's longer side, on each side
const PNG = "image/png";

/**
 * A PNG of the digit at `index`. Where another digit would reach into it, or the browser cannot show
 * the picture, it is the frame that the network saw, which holds this digit alone.
 * @param {HTMLImageElement | null} image
 * @param {number} scale its pixels for one of the boxes'
 * @param {Digit[]} digits
 * @param {number} index
 * @returns {Promise<Blob>}
 */
export async function crop(image, scale, digits, index) {
  const digit = digits[index];
  if (!image) return framePicture(digit);
  const [left, top, right, bottom] = areaOf(image, scaled(digit.box, scale));
  const area = [left, top, right, bottom];
  if (digits.some((other, i) => i !== index && meets(scaled(other.box, scale), area))) {
    return framePicture(digit);
  }
  const canvas = make("canvas", { width: right - left, height: bottom - top });
  const { width, height } = canvas;
  contextOf(canvas).drawImage(image, left, top, width, height, 0, 0, width, height);
  const blob = await new Promise((/** @type {(blob: Blob | null) => void} */ done) => {
    canvas.toBlob(done, PNG);
  });
  return blob ?? framePicture(digit);
}

/** The frame that the network saw. @param {Digit} digit */
export const framePicture = ({ frame }) => new Blob([bytesOf(frame)], { type: PNG });

/** @param {Box} box @param {number} scale */
const scaled = (box, scale) => box.map((edge) => edge * scale);

/** @param {HTMLImageElement} image @param {Box} box @returns {Box} */
function areaOf(image, [left, top, right, bottom]) {
  const paper = Math.max(4, PAPER * Math.max(right - left, bottom - top));
  return [
    Math.max(0, Math.floor(left - paper)),
    Math.max(0, Math.floor(top - paper)),
    Math.min(image.naturalWidth, Math.ceil(right + paper)),
    Math.min(image.naturalHeight, Math.ceil(bottom + paper)),
  ];
}

/** @param {Box} a @param {Box} b */
const meets = (a, b) => a[0] < b[2] && a[2] > b[0] && a[1] < b[3] && a[3] > b[1];
