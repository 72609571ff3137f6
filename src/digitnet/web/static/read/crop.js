// Crop: one digit of a picture as a picture of its own, with a little paper around it.

import { bytesOf } from "../common/elements.js";

const PAPER = 0.25; // of the digit's longer side, on each side

// A PNG of the digit at `index`. Where another digit would reach into it, or the browser cannot
// show the picture, it is the frame that the network saw, which holds this digit alone.
export async function cutOut(image, scale, digits, index) {
  const area = image ? areaOf(image, scale, digits[index].box) : null;
  const crowded = digits.some((other, i) => i !== index && meets(scaled(other.box, scale), area));
  if (!area || crowded) return framePicture(digits[index]);
  const [left, top, right, bottom] = area;
  const canvas = document.createElement("canvas");
  canvas.width = right - left;
  canvas.height = bottom - top;
  canvas
    .getContext("2d")
    .drawImage(image, left, top, canvas.width, canvas.height, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise((done) => canvas.toBlob(done, "image/png"));
  return blob ?? framePicture(digits[index]);
}

export const framePicture = ({ frame }) => new Blob([bytesOf(frame)], { type: "image/png" });

const scaled = (box, scale) => box.map((edge) => edge * scale);

function areaOf(image, scale, box) {
  const [left, top, right, bottom] = scaled(box, scale);
  const paper = Math.max(4, PAPER * Math.max(right - left, bottom - top));
  return [
    Math.max(0, Math.floor(left - paper)),
    Math.max(0, Math.floor(top - paper)),
    Math.min(image.naturalWidth, Math.ceil(right + paper)),
    Math.min(image.naturalHeight, Math.ceil(bottom + paper)),
  ];
}

function meets(a, b) {
  return b !== null && a[0] < b[2] && a[2] > b[0] && a[1] < b[3] && a[3] > b[1];
}
