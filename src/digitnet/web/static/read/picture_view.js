// Picture view: a picture with a box and a reading on each digit, chosen by pointer or arrow keys.

import { button, make, makeSvg, pngUrl } from "../common/elements.js";

const LEGIBLE = 22; // pixels of the screen that a digit should be high at least
const MOST = 6; // times the size that fits

// `chosen(index)` hears which digit is looked at.
export function startSheet({ chosen }) {
  const image = make("img", { alt: "The picture that was read" });
  const overlay = makeSvg("svg", {
    class: "boxes",
    role: "listbox",
    "aria-label": "The digits that were read",
  });
  const sheet = make("div", { class: "sheet" }, image, overlay);
  const scroll = make("div", { class: "sheet-scroll" }, sheet);
  const smaller = button("Smaller", () => zoomTo(zoom / 1.5), { class: "button quiet" });
  const larger = button("Larger", () => zoomTo(zoom * 1.5), { class: "button quiet" });
  const element = make(
    "div",
    { class: "sheet-frame", hidden: true },
    scroll,
    make("div", { class: "row zooms" }, smaller, larger),
  );
  let page = { width: 1, height: 1, digits: [] };
  let at = -1;
  let zoom = 1;
  let marks = [];

  function show(what, url) {
    page = what;
    at = -1;
    element.hidden = false;
    sheet.classList.toggle("bare", !url);
    image.hidden = !url;
    if (url) image.src = url;
    overlay.toggleAttribute("hidden", page.digits.length === 0);
    zoom = Math.min(MOST, Math.max(1, LEGIBLE / (usualHeight() * fit() || LEGIBLE)));
    marks = page.digits.map((_, i) =>
      makeSvg("g", { role: "option", "aria-selected": "false", tabindex: i ? -1 : 0, "data-index": i }),
    );
    overlay.replaceChildren(...marks);
    draw();
  }

  // Pixels of the screen for one of the picture, where the whole width is seen.
  function fit() {
    const widest = scroll.clientWidth || 300;
    const tallest = Math.max(240, 0.7 * innerHeight);
    return Math.min(widest / page.width, tallest / page.height);
  }

  function usualHeight() {
    const heights = page.digits.map(({ box }) => box[3] - box[1]).sort((a, b) => a - b);
    return heights[heights.length >> 1] ?? 0;
  }

  function zoomTo(wanted) {
    zoom = Math.min(MOST, Math.max(1, wanted));
    draw();
    marks[at]?.scrollIntoView({ block: "nearest", inline: "center" });
  }

  function draw() {
    const unit = fit() * zoom;
    const width = page.width * unit;
    const height = page.height * unit;
    sheet.style.width = `${width}px`;
    sheet.style.height = `${height}px`;
    overlay.setAttribute("viewBox", `0 0 ${width} ${height}`);
    smaller.disabled = zoom <= 1;
    larger.disabled = zoom >= MOST;
    page.digits.forEach((digit, i) => drawMark(marks[i], digit, unit, i));
  }

  function drawMark(mark, digit, unit, i) {
    const [left, top, right, bottom] = digit.box.map((edge) => edge * unit);
    const margin = 2;
    const size = {
      x: left - margin,
      y: top - margin,
      width: right - left + 2 * margin,
      height: bottom - top + 2 * margin,
      rx: 3,
    };
    const letters = Math.min(28, Math.max(14, 0.5 * (bottom - top)));
    const above = top - margin - 4 > letters * 0.8;
    const text = {
      class: "reading-mark",
      x: (left + right) / 2,
      y: above ? top - margin - 4 : bottom + margin + letters * 0.85,
      "font-size": letters,
      "text-anchor": "middle",
    };
    const state = digit.corrected !== undefined ? "corrected" : digit.sure ? "sure" : "unsure";
    mark.setAttribute("class", `digit-box ${state}${i === at ? " chosen" : ""}`);
    mark.setAttribute("aria-selected", String(i === at));
    mark.setAttribute("aria-label", nameOf(page, i));
    const frame = image.hidden ? makeSvg("image", { ...size, href: pngUrl(digit.frame) }) : null;
    mark.replaceChildren(
      ...[
        frame,
        makeSvg("rect", { class: "halo", ...size }),
        makeSvg("rect", { class: "edge", ...size }),
      ].filter(Boolean),
      makeSvg("text", text, shortReading(digit)),
    );
  }

  function choose(index, focus = true) {
    if (!page.digits[index]) return;
    marks[at]?.setAttribute("tabindex", -1);
    at = index;
    marks[at].setAttribute("tabindex", 0);
    draw();
    if (focus) marks[at].focus({ preventScroll: true });
    marks[at].scrollIntoView({ block: "nearest", inline: "nearest" });
    chosen(at);
  }

  overlay.addEventListener("click", (event) => {
    const mark = event.target.closest("[data-index]");
    if (mark) choose(Number(mark.getAttribute("data-index")));
  });
  overlay.addEventListener("focusin", (event) => {
    const index = Number(event.target.closest("[data-index]")?.getAttribute("data-index"));
    if (Number.isInteger(index) && index !== at) choose(index, false);
  });
  overlay.addEventListener("keydown", (event) => {
    const last = page.digits.length - 1;
    const to = {
      ArrowRight: () => Math.min(last, at + 1),
      ArrowLeft: () => Math.max(0, at - 1),
      ArrowDown: () => beside(page.digits, at, 1),
      ArrowUp: () => beside(page.digits, at, -1),
      Home: () => 0,
      End: () => last,
    }[event.key];
    if (!to || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    choose(to());
  });
  image.addEventListener("error", () => {
    image.hidden = true; // a picture that the browser cannot show: its frames are shown instead
    sheet.classList.add("bare");
    draw();
  });
  new ResizeObserver(() => !element.hidden && draw()).observe(scroll);

  return {
    element,
    show,
    choose,
    draw,
    hide() {
      element.hidden = true;
    },
    // The picture where the browser can show it, and its pixels for one of the server's.
    bitmap: () => (image.hidden || !image.naturalWidth ? null : image),
    scale: () => (image.naturalWidth || page.width) / page.width,
  };
}

// What a digit is called aloud.
export function nameOf(page, index) {
  const digit = page.digits[index];
  const number = page.digits.slice(0, index).filter(({ line }) => line === digit.line).length + 1;
  const place = page.single ? "" : `, line ${digit.line + 1}, digit ${number}`;
  if (digit.corrected !== undefined) return `${digit.corrected}, corrected${place}`;
  if (isNone(digit)) return `no digit${place}`;
  return `${digit.label}${digit.sure ? "" : ", unsure"}${place}`;
}

function shortReading(digit) {
  if (digit.corrected !== undefined) return `${digit.corrected} ✓`;
  if (isNone(digit)) return "?";
  return digit.sure ? `${digit.label}` : `${digit.label}?`;
}

const isNone = ({ reason }) => Boolean(reason?.startsWith("no digit"));

// The digit of the line above or below whose middle is nearest.
function beside(digits, at, step) {
  const from = digits[at];
  const middle = ({ box }) => (box[0] + box[2]) / 2;
  let best = at;
  digits.forEach((digit, i) => {
    if (digit.line !== from.line + step) return;
    const nearer = Math.abs(middle(digit) - middle(from)) < Math.abs(middle(digits[best]) - middle(from));
    if (best === at || nearer) best = i;
  });
  return best;
}
