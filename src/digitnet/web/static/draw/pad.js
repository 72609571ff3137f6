// Pad: what is drawn on, for mouse, touch and pen, and for the keyboard.

import { button, byId } from "../common/elements.js";
import { Drawing, paintDrawing } from "./drawing.js";
import { example } from "./examples.js";
import { startKeyboardPen } from "./keyboard_pen.js";

const SHOWN_IN = 24; // frames of the screen in which an example is drawn

export class Pad {
  canvas = byId("paper", HTMLCanvasElement);
  hint = byId("pad-hint", HTMLElement);
  undoButton = byId("undo", HTMLButtonElement);
  clearButton = byId("clear", HTMLButtonElement);
  thickness = byId("thickness", HTMLInputElement);
  drawing = new Drawing();
  /** @type {number | null} the pointer that draws */
  pointer = null;
  /** @type {{ x: number, y: number } | null} where the keyboard's pen is */
  cursor = null;
  /** @type {number | null} the digit whose example is on the paper */
  shown = null;
  showing = 0; // the next step of an example that is being drawn
  isDone = false; // the next stroke begins another drawing

  /**
   * @param {(lifted: boolean) => void} changed hears of every change; lifted: the pen has just left
   *   the paper
   * @param {(text: string) => void} say
   * @param {(digit: number) => void} named hears by key which digit is drawn
   */
  constructor(changed, say, named) {
    this.changed = changed;
    this.undoButton.addEventListener("click", () => this.undo());
    this.clearButton.addEventListener("click", () => this.clear());
    this.#hearPointers();
    this.#hearKeys(say, named);
    for (let digit = 0; digit < 10; digit++) {
      const attributes = { class: null, "aria-label": `Draw a ${digit} for me` };
      byId("examples", HTMLElement).append(button(`${digit}`, () => this.showExample(digit), attributes));
    }
    new ResizeObserver(() => this.#fit()).observe(this.canvas);
    document.addEventListener("themechange", () => this.#paint());
    this.#fit();
  }

  get strokes() {
    return this.drawing.strokes;
  }

  /** What is drawn is whole: the next stroke begins another drawing. */
  finish() {
    this.isDone = this.strokes.length > 0;
  }

  undo() {
    if (this.drawing.before.length === 0) return;
    this.#stopShowing();
    this.drawing.undo();
    this.shown = null;
    this.#report(true);
  }

  clear() {
    if (this.strokes.length === 0) return;
    this.#stopShowing();
    this.drawing.clear();
    this.shown = null;
    this.#report(true);
  }

  /** An example, as if someone drew it, unless movement is not wanted. @param {number} digit */
  showExample(digit) {
    this.#stopShowing();
    this.drawing.remember();
    this.shown = digit;
    const whole = example(digit);
    const total = whole.flat().length;
    let shown = matchMedia("(prefers-reduced-motion: reduce)").matches ? total : 0;
    const step = () => {
      shown = Math.min(total, shown + Math.ceil(total / SHOWN_IN));
      this.drawing.strokes = beginningOf(whole, shown);
      this.#report(shown === total);
      this.showing = shown < total ? requestAnimationFrame(step) : 0;
    };
    step();
  }

  #stopShowing() {
    cancelAnimationFrame(this.showing);
    this.showing = 0;
  }

  get #radius() {
    return 0.008 + 0.006 * Number(this.thickness.value);
  }

  /** @param {Point} point */
  #begin(point) {
    if (this.isDone) this.drawing.beginAnew(point);
    else this.drawing.begin(point);
    this.shown = null;
    this.#report(false);
  }

  /** @param {boolean} lifted */
  #report(lifted) {
    this.isDone = false;
    this.undoButton.disabled = this.drawing.before.length === 0;
    this.clearButton.disabled = this.strokes.length === 0;
    this.hint.hidden = this.strokes.length > 0;
    this.#paint();
    this.changed(lifted);
  }

  #paint() {
    paintDrawing(this.canvas, this.strokes, this.cursor && { ...this.cursor, r: this.#radius });
  }

  #fit() {
    const side = Math.round(this.canvas.clientWidth * Math.min(devicePixelRatio || 1, 2));
    if (side > 0 && side !== this.canvas.width) {
      this.canvas.width = side;
      this.canvas.height = side;
    }
    this.#paint();
  }

  /** @param {PointerEvent} event @returns {Point} */
  #pointOf(event) {
    const box = this.canvas.getBoundingClientRect();
    // A pen tells how hard it is pressed; fingers and mice do not, or say always the same.
    const press = event.pointerType === "pen" && event.pressure > 0 ? 0.5 + event.pressure : 1;
    return {
      x: (event.clientX - box.left) / box.width,
      y: (event.clientY - box.top) / box.height,
      r: this.#radius * press,
    };
  }

  #hearPointers() {
    const { canvas } = this;
    canvas.addEventListener("pointerdown", (event) => {
      const isBusy = this.pointer !== null && canvas.hasPointerCapture(this.pointer);
      if (isBusy || event.button !== 0) return;
      event.preventDefault();
      this.#stopShowing();
      canvas.focus({ preventScroll: true });
      this.pointer = event.pointerId;
      canvas.setPointerCapture(this.pointer);
      this.cursor = null;
      this.#begin(this.#pointOf(event));
    });
    canvas.addEventListener("pointermove", (event) => {
      if (event.pointerId !== this.pointer) return;
      const passed = event.getCoalescedEvents?.() ?? [];
      for (const each of passed.length ? passed : [event]) this.drawing.extend(this.#pointOf(each));
      this.#report(false);
    });
    const lift = (/** @type {PointerEvent} */ event) => {
      if (event.pointerId !== this.pointer) return;
      this.pointer = null;
      this.#report(true);
    };
    canvas.addEventListener("pointerup", lift);
    canvas.addEventListener("pointercancel", lift);
    canvas.addEventListener("lostpointercapture", lift); // whatever became of it, the pad goes on
  }

  /** @param {(text: string) => void} say @param {(digit: number) => void} name */
  #hearKeys(say, name) {
    document.addEventListener("keydown", (event) => {
      const writing = event.target instanceof Element && event.target.closest("input, select, textarea");
      if ((event.ctrlKey || event.metaKey) && event.key === "z" && !writing) {
        event.preventDefault();
        this.undo();
      }
    });
    startKeyboardPen(this.canvas, {
      say,
      undo: () => this.undo(),
      clear: () => this.clear(),
      show: (digit) => this.showExample(digit),
      name,
      moved: (place, isDown) => {
        this.cursor = place;
        if (isDown) this.drawing.extend({ ...place, r: this.#radius });
        if (isDown) this.#report(false);
        else this.#paint();
      },
      down: (place) => this.#begin({ ...place, r: this.#radius }),
      up: () => this.#report(true),
      left: () => {
        this.cursor = null;
        this.#paint();
      },
    });
  }
}

/** The first points of a drawing. @param {Stroke[]} strokes @param {number} count */
function beginningOf(strokes, count) {
  let left = count;
  const begun = [];
  for (const stroke of strokes) {
    if (left > 0) begun.push(stroke.slice(0, left));
    left -= stroke.length;
  }
  return begun;
}
