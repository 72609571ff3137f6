// Drawing: the strokes that are drawn, what they were before each change, and their picture.

import { contextOf } from "../common/paint.js";

const NEAR = 0.004; // points closer than this share of the pad tell nothing new

export class Drawing {
  /** @type {Stroke[]} */
  strokes = [];
  /** @type {Stroke[][]} what was drawn before each change, for undo */
  before = [];

  /** A change begins: what is drawn now can be had back. */
  remember() {
    this.before.push(this.strokes);
  }

  /** A new stroke. @param {Point} point */
  begin(point) {
    this.remember();
    this.strokes = [...this.strokes, [point]];
  }

  /** A new stroke on an empty pad. @param {Point} point */
  beginAnew(point) {
    this.remember();
    this.strokes = [[point]];
  }

  /** The newest stroke goes on. @param {Point} point */
  extend(point) {
    const stroke = this.strokes[this.strokes.length - 1];
    const last = stroke[stroke.length - 1];
    if (Math.hypot(point.x - last.x, point.y - last.y) >= NEAR) stroke.push(point);
  }

  undo() {
    this.strokes = this.before.pop() ?? this.strokes;
  }

  clear() {
    this.remember();
    this.strokes = [];
  }
}

/**
 * A drawing on a square canvas, and a ring where the keyboard's pen is.
 * @param {HTMLCanvasElement} canvas
 * @param {Stroke[]} strokes
 * @param {Point | null} ring its radius is the pen's
 */
export function paintDrawing(canvas, strokes, ring) {
  const side = canvas.width;
  const style = getComputedStyle(canvas);
  const context = contextOf(canvas);
  context.clearRect(0, 0, side, side);
  context.strokeStyle = style.color;
  context.fillStyle = style.color;
  context.lineCap = "round";
  context.lineJoin = "round";
  for (const stroke of strokes) paintStroke(context, stroke, side);
  if (ring) {
    context.beginPath();
    context.lineWidth = Math.max(2, side / 160);
    context.strokeStyle = style.getPropertyValue("--accent");
    context.arc(ring.x * side, ring.y * side, (ring.r + 0.012) * side, 0, 2 * Math.PI);
    context.stroke();
  }
}

/** In one go as long as the pen is equally broad, so that no joints are seen. @param {CanvasRenderingContext2D} context @param {Stroke} stroke @param {number} side */
function paintStroke(context, stroke, side) {
  const [first] = stroke;
  context.beginPath();
  context.arc(first.x * side, first.y * side, first.r * side, 0, 2 * Math.PI);
  context.fill();
  context.beginPath();
  context.moveTo(first.x * side, first.y * side);
  for (let k = 1; k < stroke.length; k++) {
    const [from, to] = [stroke[k - 1], stroke[k]];
    context.lineWidth = (from.r + to.r) * side;
    context.lineTo(to.x * side, to.y * side);
    if (from.r === to.r && stroke[k + 1]?.r === to.r) continue;
    context.stroke();
    context.beginPath();
    context.moveTo(to.x * side, to.y * side);
  }
}
