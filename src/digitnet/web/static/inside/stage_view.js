// Stage view: one group of layers on the page: its words, its units, and the unit that is looked at.

import { button, make } from "../common/elements.js";
import { paintPixels, reach, scale } from "../common/paint.js";
import { colour } from "../common/theme.js";
import { Attribution, weightsOf, windowOf } from "./attribution.js";
import { unitName } from "./stages.js";
import { UnitGrid } from "./unit_grid.js";
import { UnitView } from "./unit_view.js";

const HOW =
  "Point at one, tap it, or walk with the arrow keys, to see what it adds to each digit. A click keeps it.";
const EXACT =
  "What neuron j adds to digit k is h[j] W[j, k] with the next layer's W: the sums do nothing but add these up.";
const LEFT_OUT =
  "What one adds to each digit is told by leaving it out: the sums with it minus the sums when its numbers are set to 0.";
const PAUSE = 300; // milliseconds without a change before the units' labels are written
const FEW = 36; // so few that they are shown larger

export class StageView {
  body = make("div", { class: "stage-body" });
  /** @type {Seen | null} */
  seen = null;
  labelling = 0;
  isByHand = false; // whether someone chose the unit that is looked at

  /** @param {Stage} stage @param {Model} model @param {number} member */
  constructor(stage, model, member) {
    this.stage = stage;
    this.layers = model.members[member];
    this.classNames = model.classNames;
    this.learnt = stage.kind === "Dense" || stage.kind === "Conv2D";
    this.step = stage.steps.length - 1;
    this.units = this.#attribution();
    this.unitView = new UnitView(model.classNames);
    this.colours = coloursNow();
    this.grid = this.#newGrid();
    this.element = make(
      "section",
      { class: "card stage" },
      make("h2", {}, stage.title),
      make("p", {}, stage.about),
      stage.steps.length > 1 ? this.#stepMenu() : null,
      stage.isFirst && this.learnt ? make("p", { class: "quiet small" }, HOW) : null,
      this.body,
      this.#formula(),
    );
    this.#build();
  }

  #attribution() {
    return new Attribution(this.stage, this.layers, this.classNames, this.step, this.seen);
  }

  #formula() {
    const how = make("p", { class: "quiet small" }, this.units.adder ? EXACT : LEFT_OUT);
    const formula = make("p", { class: "formula" }, this.stage.formula);
    return make("details", {}, make("summary", {}, "The formula"), formula, this.learnt ? how : null);
  }

  #stepMenu() {
    const buttons = this.stage.steps.map(({ name }, k) => {
      const pressed = { class: "step", "aria-pressed": String(k === this.step) };
      return button(name, () => take(k), pressed);
    });
    const take = (/** @type {number} */ k) => {
      this.step = k;
      buttons.forEach((each, i) => {
        each.setAttribute("aria-pressed", String(i === k));
      });
      const { current } = this.grid;
      this.units = this.#attribution();
      this.grid = this.#newGrid();
      this.#build();
      this.show(this.seen, true);
      if (this.isByHand && current >= 0) this.grid.choose(Math.min(current, this.grid.units.length - 1));
    };
    return make("div", { class: "steps", role: "group", "aria-label": "After which step" }, ...buttons);
  }

  /** The units for the step that is shown. */
  #newGrid() {
    const n = this.learnt ? this.units.shape[0] : 1;
    return new UnitGrid(n, `${this.stage.title}: ${n} to look at`, {
      chosen: (unit, byHand) => {
        this.isByHand ||= byHand;
        this.#look(unit);
      },
      grown: () => {
        this.repaint();
        this.#label();
        this.show(this.seen, false);
      },
    });
  }

  #build() {
    const { stage, units, grid, body } = this;
    body.classList.toggle("few", !this.learnt || units.shape[0] <= FEW);
    body.classList.toggle("with-pictures", !this.learnt || stage.pixels !== null || units.each > 1);
    body.replaceChildren(grid.element);
    if (this.learnt) body.append(this.unitView.element);
    else grid.asPicture(stage.title);
    this.unitView.element.hidden = true;
    this.#label();
    this.repaint();
  }

  /** The weights as pictures: painted once for a theme, not for a drawing. */
  repaint() {
    this.colours = coloursNow();
    if (!this.stage.pixels) return;
    const [height, width] = this.stage.pixels;
    this.grid.units.forEach(({ canvas }, unit) => {
      const weights = weightsOf(this.stage.layer, unit);
      this.#paint(canvas, weights, width, height, reach(weights));
    });
  }

  /** @param {HTMLCanvasElement} canvas @param {Numbers} values @param {number} width @param {number} height @param {number} most */
  #paint(canvas, values, width, height, most) {
    const shade = scale(this.colours.none, this.colours.most, this.colours.least);
    paintPixels(canvas, values, width, height, (value) => shade(value / most));
  }

  /**
   * Show what a drawing makes of the units; null for none. Unless someone has chosen one, the unit
   * that is looked at is chosen anew whenever the pen rests. While it moves, no unit is left out: the
   * answer could not follow.
   * @param {Seen | null} seen
   * @param {boolean} rests
   */
  show(seen, rests) {
    this.seen = seen;
    this.units = this.#attribution();
    const { units, grid } = this;
    const most = reach(units.values);
    grid.units.forEach((_, k) => {
      this.#showUnit(k, most);
    });
    if (!this.learnt) return;
    const isOpen = !this.isByHand && (rests || grid.current < 0);
    if (seen && isOpen) grid.choose(units.first(grid.units.length));
    else if (grid.current >= 0 && (rests || units.adder)) this.#look(grid.current);
    clearTimeout(this.labelling);
    this.labelling = setTimeout(() => this.#label(), PAUSE);
  }

  /** @param {number} k @param {number} most */
  #showUnit(k, most) {
    const { units, stage } = this;
    const { element, canvas, bar } = this.grid.units[k];
    bar.hidden = !this.learnt || units.each > 1;
    if (units.each > 1) {
      this.#paint(canvas, units.part(k), units.shape[2], units.shape[1], most);
    } else if (stage.picture) {
      this.#paint(canvas, units.values, stage.picture[1], stage.picture[0], most);
    } else {
      const share = units.values[k] / most;
      const size = Math.abs(share);
      element.style.setProperty("--share", size.toFixed(3));
      element.style.setProperty("--seen", this.seen ? (0.35 + 0.65 * size).toFixed(3) : "1");
      element.classList.toggle("below", share < 0);
    }
  }

  /** What each unit is called, and how strongly it fires. */
  #label() {
    if (!this.learnt) return;
    this.grid.units.forEach(({ element }, k) => {
      const fires = this.seen ? `: ${this.units.activation(k).toFixed(2)}` : "";
      element.setAttribute("aria-label", unitName(this.stage, k) + fires);
    });
  }

  /** Look at one unit. @param {number} unit */
  #look(unit) {
    const { stage, units, unitView, seen, colours } = this;
    unitView.element.hidden = false;
    if (stage.pixels) {
      const [height, width] = stage.pixels;
      const weights = weightsOf(stage.layer, unit);
      const before = stage.first > 0 ? seen?.at[stage.first - 1] : seen?.input;
      const saw = weights.map((weight, i) => weight * (before ? before[i] : 0));
      unitView.picture("what it looks for", { values: weights, width, height }, colours);
      unitView.picture("what it saw in yours", { values: saw, width, height }, colours);
    } else if (stage.kind === "Conv2D") {
      const [, height, width] = units.shape;
      const map = units.each > 1 ? { values: units.part(unit), width, height } : null;
      unitView.picture("its window", windowOf(stage.layer, unit), colours);
      unitView.picture("its map", map, colours);
    }
    const adds = units.adds(unit);
    unitView.show({
      name: unitName(stage, unit),
      fires: units.fires(unit),
      adds,
      formula: units.sum(unit, adds),
    });
  }
}

const coloursNow = () => ({
  none: colour("--sunken"),
  most: colour("--accent"),
  least: colour("--against"),
});
