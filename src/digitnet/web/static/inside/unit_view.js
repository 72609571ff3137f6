// Unit view: one neuron or map: what it looks for, what it saw, and what it adds to each digit.

import { make, makeBar } from "../common/elements.js";
import { paintPixels, reach, scale } from "../common/paint.js";
import { signed } from "../common/words.js";

const NOTHING = 0.005; // what is shown as 0.00

export class UnitView {
  title = make("h3", { class: "detail-title" });
  pictures = make("div", { class: "detail-pictures" });
  sentence = make("p", { class: "detail-words" });
  formula = make("p", { class: "formula detail-formula" });
  /** @type {Map<string, { figure: HTMLElement, canvas: HTMLCanvasElement }>} */
  shown = new Map();

  /** @param {string[]} classNames */
  constructor(classNames) {
    this.classNames = classNames;
    this.bars = classNames.map((name) => makeBar("adds", name));
    const list = make("ol", { class: "adds", "aria-label": "What it adds to each digit" });
    list.append(...this.bars.map(({ element }) => element));
    this.element = make(
      "div",
      { class: "detail" },
      this.title,
      this.pictures,
      this.sentence,
      list,
      this.formula,
    );
  }

  /**
   * A picture by its caption; null hides it. Signed values have two colours.
   * @param {string} caption
   * @param {Picture | null} found
   * @param {Colours} colours
   */
  picture(caption, found, colours) {
    const { figure, canvas } = this.shown.get(caption) ?? this.#newPicture(caption);
    figure.hidden = !found;
    if (!found) return;
    const most = reach(found.values);
    const paint = scale(colours.none, colours.most, colours.least);
    paintPixels(canvas, found.values, found.width, found.height, (value) => paint(value / most));
  }

  /** @param {string} caption */
  #newPicture(caption) {
    const canvas = make("canvas", { class: "pixels", "aria-hidden": "true" });
    const figure = make("figure", {}, canvas, make("figcaption", {}, caption));
    this.pictures.append(figure);
    this.shown.set(caption, { figure, canvas });
    return { figure, canvas };
  }

  /**
   * The words, the bars and the sum, for what one unit adds to each logit.
   * @param {{ name: string, fires: string | null, adds: number[], formula: string }} unit `fires`
   *   says how it does, null where nothing is drawn
   */
  show({ name, fires, adds, formula }) {
    this.title.textContent = name;
    const most = reach(adds);
    const order = [...adds.keys()].sort((a, b) => adds[b] - adds[a]);
    const [best, worst] = [order[0], order[order.length - 1]];
    const parts = [];
    if (adds[best] > NOTHING) parts.push(`it speaks most for ${this.classNames[best]}`);
    if (adds[worst] < -NOTHING) parts.push(`most against ${this.classNames[worst]}`);
    const says = parts.length ? parts.join(", ") : "it has no say in this drawing";
    this.sentence.textContent = fires ? `${fires}; ${says}.` : "Draw a digit to see it at work.";
    adds.forEach((added, label) => {
      const { fill, value } = this.bars[label];
      fill.style.transform = `scaleX(${most > NOTHING ? added / most : 0})`;
      fill.classList.toggle("against", added < 0);
      value.textContent = signed(added);
    });
    this.formula.textContent = formula;
  }
}
