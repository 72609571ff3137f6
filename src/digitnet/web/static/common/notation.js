// Notation: a network's word, such as 784-16C5-MP2-64-10, told layer by layer.

import { make } from "./elements.js";
import { many } from "./words.js";

/** What a part of the word says: its pattern, and the words for what it found. @type {[RegExp, (found: string[]) => string][]} */
const PARTS = [
  [/^(\d+)C(\d+)(?:S(\d+))?(?:P(\d+))?$/, convolution],
  [/^MP(\d+)$/, ([, n]) => `of each ${n} × ${n} numbers the largest goes on (max pooling)`],
  [/^AP(\d+)$/, ([, n]) => `of each ${n} × ${n} numbers the mean goes on (average pooling)`],
  [/^GAP$/, () => "of each map only the mean goes on"],
  [/^deskewed$/, () => "slanted writing is set upright"],
  [/^(\d+)$/, ([, n]) => `${many(Number(n), "neuron")}, each looking at all that comes before`],
];

/** @param {(string | undefined)[]} found */
function convolution([, channels, side, stride, border]) {
  const far = stride ? `, ${stride} pixels at a time` : "";
  const edge = border ? `, with a border of ${border}` : "";
  return `${channels} windows of ${side} × ${side} slide over it${far}${edge} (convolution), and give a map each`;
}

/**
 * Each part of a network's word and what it says.
 * @param {string} network
 * @returns {[string, string][]}
 */
export function explained(network) {
  const [word, bits] = network.split(" + ")[0].split(" at ");
  const parts = word.split("-");
  const told = parts.map((part, k) => {
    if (k === 0) return pair(part, "the pixels of a digit, 28 × 28 = 784");
    if (k === parts.length - 1) return pair(part, "a sum for each digit; the largest is the answer");
    for (const [pattern, words] of PARTS) {
      const found = part.match(pattern);
      if (found) return pair(part, words(found));
    }
    return pair(part, "a layer of its own kind");
  });
  if (bits) told.push(pair(bits, "of memory for each weight, which is a whole number"));
  const members = network.split(" + ").length;
  if (members > 1) told.unshift(pair(`${members} ×`, "networks answer together, and the mean counts"));
  return told;
}

/** @param {string} part @param {string} words @returns {[string, string]} */
const pair = (part, words) => [part, words];

let nMade = 0;

/** A network's word that explains itself when it is pointed at, has the focus or is tapped. @param {string} network */
export function notation(network) {
  const id = `notation-${++nMade}`;
  const list = explained(network).flatMap(([part, words]) => [make("dt", {}, part), make("dd", {}, words)]);
  const tip = make("div", { class: "tip", role: "tooltip", id }, make("dl", {}, ...list));
  const word = make("button", { type: "button", class: "notation", "aria-describedby": id }, network);
  const element = make("div", { class: "explained" }, word, tip);
  const close = () => element.classList.remove("open");
  word.addEventListener("click", () => element.classList.toggle("open"));
  word.addEventListener("blur", close);
  element.addEventListener("keydown", ({ key }) => {
    if (key !== "Escape") return;
    close();
    element.classList.add("shut");
  });
  element.addEventListener("pointerleave", () => element.classList.remove("shut"));
  word.addEventListener("focus", () => element.classList.remove("shut"));
  return element;
}
