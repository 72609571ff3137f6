// Pad: what is drawn on, for mouse, touch and pen, and for the keyboard.

import { example } from "./examples.js";
import { startKeys } from "./keyboard_pen.js";

const NEAR = 0.004; // points closer than this share of the pad tell nothing new

// `changed(lifted)` hears of every change; lifted: the pen has just left the paper.
export function startPad(pad, { changed, say }) {
  const canvas = pad.querySelector("#paper");
  const hint = pad.querySelector("#pad-hint");
  const undoButton = pad.querySelector("#undo");
  const clearButton = pad.querySelector("#clear");
  const thickness = pad.querySelector("#thickness");
  const context = canvas.getContext("2d");
  let strokes = [];
  let before = []; // what was drawn before each change, for undo
  let pointer = null; // the one that draws
  let cursor = null; // where the keyboard's pen is

  const radius = () => 0.008 + 0.006 * Number(thickness.value);

  function begin(point) {
    before.push(strokes);
    strokes = [...strokes, [point]];
    report(false);
  }

  function extend(point) {
    const stroke = strokes[strokes.length - 1];
    const last = stroke[stroke.length - 1];
    if (Math.hypot(point.x - last.x, point.y - last.y) < NEAR) return;
    stroke.push(point);
  }

  function report(lifted) {
    undoButton.disabled = before.length === 0;
    clearButton.disabled = strokes.length === 0;
    hint.hidden = strokes.length > 0;
    paint();
    changed(lifted);
  }

  function undo() {
    if (before.length === 0) return;
    stopShowing();
    strokes = before.pop();
    report(true);
  }

  function clear() {
    if (strokes.length === 0) return;
    stopShowing();
    before.push(strokes);
    strokes = [];
    report(true);
  }

  // An example, as if someone drew it, unless movement is not wanted.
  let showing = 0;
  function show(digit) {
    stopShowing();
    before.push(strokes);
    const whole = example(digit);
    const total = whole.flat().length;
    const quick = matchMedia("(prefers-reduced-motion: reduce)").matches;
    let shown = quick ? total : 0;
    const step = () => {
      shown = Math.min(total, shown + Math.ceil(total / 24));
      let left = shown;
      strokes = whole
        .map((stroke) => stroke.slice(0, Math.max(0, left), (left -= stroke.length)))
        .filter((stroke) => stroke.length > 0);
      report(shown === total);
      showing = shown < total ? requestAnimationFrame(step) : 0;
    };
    step();
  }
  function stopShowing() {
    cancelAnimationFrame(showing);
    showing = 0;
  }

  function pointOf(event) {
    const box = canvas.getBoundingClientRect();
    // A pen tells how hard it is pressed; fingers and mice do not, or say always the same.
    const press = event.pointerType === "pen" && event.pressure > 0 ? 0.5 + event.pressure : 1;
    return {
      x: (event.clientX - box.left) / box.width,
      y: (event.clientY - box.top) / box.height,
      r: radius() * press,
    };
  }

  canvas.addEventListener("pointerdown", (event) => {
    const isBusy = pointer !== null && canvas.hasPointerCapture(pointer);
    if (isBusy || event.button !== 0) return;
    event.preventDefault();
    stopShowing();
    canvas.focus({ preventScroll: true });
    pointer = event.pointerId;
    canvas.setPointerCapture(pointer);
    cursor = null;
    begin(pointOf(event));
  });
  canvas.addEventListener("pointermove", (event) => {
    if (event.pointerId !== pointer) return;
    const passed = event.getCoalescedEvents?.() ?? [];
    (passed.length ? passed : [event]).forEach((each) => extend(pointOf(each)));
    report(false);
  });
  const lift = (event) => {
    if (event.pointerId !== pointer) return;
    pointer = null;
    report(true);
  };
  canvas.addEventListener("pointerup", lift);
  canvas.addEventListener("pointercancel", lift);
  canvas.addEventListener("lostpointercapture", lift); // whatever became of it, the pad goes on

  undoButton.addEventListener("click", undo);
  clearButton.addEventListener("click", clear);
  document.addEventListener("keydown", (event) => {
    const writing = event.target.closest?.("input, select, textarea");
    if ((event.ctrlKey || event.metaKey) && event.key === "z" && !writing) {
      event.preventDefault();
      undo();
    }
  });
  startKeys(canvas, {
    say,
    undo,
    clear,
    show,
    moved(place, isDown) {
      cursor = place;
      if (isDown) extend({ ...place, r: radius() });
      if (isDown) report(false);
      else paint();
    },
    down: (place) => begin({ ...place, r: radius() }),
    up: () => report(true),
    left() {
      cursor = null;
      paint();
    },
  });

  const examples = pad.querySelector("#examples");
  for (let digit = 0; digit < 10; digit++) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = digit;
    button.setAttribute("aria-label", `Draw a ${digit} for me`);
    button.addEventListener("click", () => show(digit));
    examples.append(button);
  }

  function paint() {
    const side = canvas.width;
    const style = getComputedStyle(canvas);
    context.clearRect(0, 0, side, side);
    context.strokeStyle = context.fillStyle = style.color;
    context.lineCap = context.lineJoin = "round";
    strokes.forEach((stroke) => paintStroke(stroke, side));
    if (cursor) {
      context.beginPath();
      context.lineWidth = Math.max(2, side / 160);
      context.strokeStyle = style.getPropertyValue("--accent");
      context.arc(cursor.x * side, cursor.y * side, (radius() + 0.012) * side, 0, 2 * Math.PI);
      context.stroke();
    }
  }

  // In one go as long as the pen is equally broad, so that no joints are seen.
  function paintStroke(stroke, side) {
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

  function fit() {
    const side = Math.round(canvas.clientWidth * Math.min(devicePixelRatio || 1, 2));
    if (side > 0 && side !== canvas.width) canvas.width = canvas.height = side;
    paint();
  }
  new ResizeObserver(fit).observe(canvas);
  document.addEventListener("themechange", paint);
  fit();

  return { strokes: () => strokes };
}
