// Keyboard pen: a pen that is moved by the keyboard.

const STEP = 0.03; // of the pad's side
const SMALL_STEP = 0.01;
/** @type {Record<string, [number, number]>} */
const WAYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const EDGE = 0.05;

/**
 * Tells `pad` where the pen goes, and its commands.
 * @param {HTMLCanvasElement} canvas
 * @param {{
 *   moved(place: Place, isDown: boolean): void, down(place: Place): void, up(): void, left(): void,
 *   undo(): void, clear(): void, show(digit: number): void, name(digit: number): void,
 *   say(text: string): void,
 * }} pad
 */
export function startKeyboardPen(canvas, pad) {
  /** @type {Set<string>} */
  const held = new Set();
  let place = { x: 0.5, y: 0.2 };
  let isDown = false;
  let isNaming = false; // the next digit key says what is drawn

  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { key } = event;
    const naming = isNaming;
    if (key !== "Shift") isNaming = false;
    if (WAYS[key]) {
      held.add(key);
      move(event.shiftKey ? SMALL_STEP : STEP);
    } else if (key === " ") {
      if (event.repeat) return event.preventDefault();
      isDown = !isDown;
      if (isDown) pad.down(place);
      else pad.up();
      pad.moved(place, false);
      pad.say(isDown ? "Pen down." : "Pen up.");
    } else if (key === "z" || key === "Z") {
      lift();
      pad.undo();
      pad.say("The last stroke is gone.");
    } else if (key === "c" || key === "C" || key === "Delete") {
      lift();
      pad.clear();
      pad.say("The pad is empty.");
    } else if (key === "t" || key === "T") {
      lift();
      isNaming = true;
      pad.say("Which digit did you draw?");
    } else if (/^[0-9]$/.test(key)) {
      lift();
      if (naming) pad.name(Number(key));
      else pad.show(Number(key));
    } else {
      return;
    }
    event.preventDefault();
  });
  canvas.addEventListener("keyup", (event) => held.delete(event.key));
  canvas.addEventListener("pointerdown", () => {
    isDown = false;
  });
  canvas.addEventListener("blur", () => {
    held.clear();
    lift();
    pad.left();
  });

  /** @param {number} step */
  function move(step) {
    for (const key of held) {
      const [x, y] = WAYS[key];
      place = { x: inside(place.x + x * step), y: inside(place.y + y * step) };
    }
    pad.moved(place, isDown);
  }

  function lift() {
    if (isDown) pad.up();
    isDown = false;
  }
}

/** @param {number} n */
const inside = (n) => Math.min(1 - EDGE, Math.max(EDGE, n));
