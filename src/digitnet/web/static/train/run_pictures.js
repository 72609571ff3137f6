// Run pictures: what neurons look for, what was mistaken for what, and the mistakes themselves.

import { bytesOf, pngUrl } from "../common/base64.js";
import { make } from "../common/elements.js";
import { paintPixels, scale } from "../common/paint.js";
import { colour } from "../common/theme.js";

const DIGITS = [..."0123456789"];

/** W1's columns, one picture for each hidden neuron; they are painted again as they change. */
export class WeightPictures {
  tiles = make("div", { class: "weights", role: "img" });
  words = make("p", { class: "hint" });
  element = make("div", {}, this.words, this.tiles);
  /** @type {RunPicture | null} */
  shown = null;

  constructor() {
    document.addEventListener("themechange", () => this.shown && this.show(this.shown));
  }

  /** @param {RunPicture} picture */
  show(picture) {
    this.shown = picture;
    const { weights, n } = picture;
    while (this.tiles.children.length > n) this.tiles.lastChild?.remove();
    while (this.tiles.children.length < n) this.tiles.append(make("canvas", { class: "pixels" }));
    if (!weights) return; // the first layer does not look at the whole picture
    const bytes = bytesOf(weights);
    const nPixels = bytes.length / n;
    const side = Math.sqrt(nPixels);
    const tint = scale(colour("--card"), colour("--accent"), colour("--against"));
    const colours = Array.from({ length: 256 }, (_, byte) => tint(spread((byte - 127.5) / 127.5)));
    [...this.tiles.querySelectorAll("canvas")].forEach((canvas, i) => {
      const values = bytes.subarray(i * nPixels, (i + 1) * nPixels);
      paintPixels(canvas, values, side, side, (byte) => colours[byte]);
    });
    const all = picture.n_hidden ?? n;
    const name = `The weights of ${n} hidden neurons as pictures, after epoch ${picture.epoch}`;
    this.tiles.setAttribute("aria-label", name);
    const some = all > n ? `The first ${n} of ${all} neurons. ` : "";
    this.words.textContent = `${some}Where a picture is blue, ink excites the neuron; where it is orange, ink calms it. They begin as noise.`;
  }
}

/** One weight far from 0 would leave the others pale: small ones are shown stronger than they are. @param {number} share */
const spread = (share) => Math.sign(share) * Math.abs(share) ** 0.6;

/** Which digit was read as which: a table whose cells are filled in by their share of the row. */
export class ConfusionTable {
  cells = DIGITS.map(() => DIGITS.map(() => make("td")));

  constructor() {
    const words =
      "Each row is a true digit, each column what it was read as. Right answers lie on the diagonal.";
    const heads = DIGITS.map((name) => make("th", { scope: "col" }, name));
    const rows = this.cells.map((row, i) => make("tr", {}, make("th", { scope: "row" }, DIGITS[i]), ...row));
    this.element = make(
      "table",
      { class: "confusion" },
      make("caption", { class: "hint" }, words),
      make("thead", {}, make("tr", {}, make("td", { class: "corner" }), ...heads)),
      make("tbody", {}, ...rows),
    );
  }

  /** @param {number[][]} counts */
  show(counts) {
    counts.forEach((row, i) => {
      const all = Math.max(1, total(row));
      const worst = Math.max(0.02, ...row.map((count, j) => (j === i ? 0 : count / all)));
      row.forEach((count, j) => {
        const cell = this.cells[i]?.[j];
        if (!cell) return;
        cell.textContent = count ? `${count}` : "";
        cell.className = count === 0 ? "" : i === j ? "right" : "wrong";
        cell.style.setProperty("--share", `${i === j ? count / all : count / all / worst}`);
      });
    });
  }
}

/** @param {number[]} counts */
const total = (counts) => counts.reduce((sum, count) => sum + count, 0);

/** The digits that were read wrongly with the least doubt. */
export class MistakeList {
  list = make("ul", { class: "mistakes", role: "list" });
  words = make("p", { class: "hint" });
  element = make("div", {}, this.words, this.list);

  /** @param {Mistake[]} mistakes */
  show(mistakes) {
    this.words.textContent = mistakes.length
      ? "Digits it had not learnt from and got wrong, the surest first."
      : "None of the digits it had not learnt from was read wrongly.";
    this.list.replaceChildren(...mistakes.map(mistakeItem));
  }
}

/** @param {Mistake} mistake */
function mistakeItem({ frame, label, read_as: readAs, probability }) {
  const title = `${Math.round(100 * probability)} % sure`;
  const image = make("img", { class: "pixels", src: pngUrl(frame), alt: `a ${label}`, title });
  const caption = make("span", {}, "read ", make("b", {}, `${readAs}`), `, is ${label}`);
  return make("li", { class: "tile" }, image, caption);
}
