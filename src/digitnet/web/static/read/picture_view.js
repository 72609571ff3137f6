// Picture view: a picture with a box and a reading on each digit, chosen by pointer or arrow keys.

import { pngUrl } from "../common/base64.js";
import { button, make, makeSvg, targetOf } from "../common/elements.js";
import { nameOf, shortReading } from "./reading_words.js";

const LEGIBLE = 22; // pixels of the screen that a digit should be high at least
const LARGE = 110; // pixels that it is made high at most, where the picture is brought to the writing
const MOST = 12; // times the size that fits
const LOWEST = 240; // pixels of the screen that the picture is high at least
const ROOM = 1.3; // of the writing's height, where the picture is brought to it
const SEEN = 0.8; // of the window's height that the picture may take, as read.css says
const ZOOM = 1.5;
const MARGIN = 2; // pixels between a digit and its box

export class PictureView {
  image = make("img", { alt: "The picture that was read" });
  overlay = makeSvg("svg", {
    class: "boxes",
    role: "listbox",
    "aria-label": "The digits that were read",
  });
  outlines = makeSvg("svg", { class: "boxes field-outlines", "aria-hidden": "true" });
  picture = make("div", { class: "picture" }, this.image, this.overlay, this.outlines);
  scroll = make("div", { class: "picture-scroll" }, this.picture);
  smaller = button("Smaller", () => this.#zoomTo(this.zoom / ZOOM));
  larger = button("Larger", () => this.#zoomTo(this.zoom * ZOOM));
  whole = button("Whole picture", () => this.#zoomTo(1));
  writing = button("The writing", () => this.#toWriting());
  element = make(
    "div",
    { class: "picture-view", hidden: true },
    this.scroll,
    make("div", { class: "row zooms" }, this.whole, this.writing, this.smaller, this.larger),
  );
  /** @type {ReadPicture} */
  page = { width: 1, height: 1, digits: [], lines: [], reason: null, single: false };
  at = -1;
  zoom = 1;
  /** @type {SVGGElement[]} */
  boxes = [];

  /** @param {(index: number) => void} chosen hears which digit is looked at */
  constructor(chosen) {
    this.chosen = chosen;
    this.#hear();
    this.image.addEventListener("error", () => {
      this.image.hidden = true; // a picture that the browser cannot show: its frames are shown instead
      this.picture.classList.add("bare");
      this.draw();
    });
    new ResizeObserver(() => !this.element.hidden && this.draw()).observe(this.scroll);
  }

  /** @param {ReadPicture} page @param {string} url */
  show(page, url) {
    this.page = page;
    this.at = -1;
    this.element.hidden = false;
    this.picture.classList.remove("bare");
    this.image.hidden = false;
    this.image.src = url;
    this.overlay.toggleAttribute("hidden", page.digits.length === 0);
    this.boxes = page.digits.map((_, i) =>
      makeSvg("g", { role: "option", "aria-selected": "false", tabindex: i ? -1 : 0, "data-index": i }),
    );
    this.overlay.replaceChildren(...this.boxes);
    // Where there is no digit to walk to, the keys scroll.
    const walks = page.digits.length > 0;
    for (const [name, value] of [
      ["tabindex", "0"],
      ["role", "group"],
      ["aria-label", "The picture"],
    ]) {
      if (walks) this.scroll.removeAttribute(name);
      else this.scroll.setAttribute(name, value);
    }
    this.writing.hidden = placesOf(page).length === 0;
    this.#toWriting();
  }

  /** Bring what was written into view: as large as it fits, but digits no larger than one reads well. */
  #toWriting() {
    const { page, scroll } = this;
    const fit = this.#fit();
    const places = placesOf(page);
    const [left, top, right, bottom] = around(places, page);
    const high = usualHeight(page.digits) || usualHeight(places.map((box) => ({ box })));
    const [wide, tall] = [scroll.clientWidth || 300, SEEN * innerHeight];
    const whole = Math.min(wide / (right - left), tall / (bottom - top)) / fit;
    const wanted = Math.max(
      Math.min(whole, LARGE / (high * fit || LARGE)),
      LEGIBLE / (high * fit || LEGIBLE),
    );
    this.zoom = within(1, wanted, MOST);
    const unit = fit * this.zoom;
    scroll.style.maxHeight = `${within(LOWEST, ROOM * (bottom - top) * unit, tall)}px`;
    this.draw();
    // In the middle where all of it is seen, else from its beginning on.
    const from = (/** @type {number} */ start, /** @type {number} */ end, /** @type {number} */ room) =>
      Math.min(
        start * unit,
        ((start + end) * unit - room) / 2 + Math.max(0, (end - start) * unit - room) / 2,
      );
    scroll.scrollTo({
      left: from(left, right, scroll.clientWidth),
      top: from(top, bottom, scroll.clientHeight),
    });
  }

  hide() {
    this.element.hidden = true;
  }

  /** The picture where the browser can show it, and its pixels for one of the server's. */
  bitmap() {
    const image = this.image.hidden || !this.image.naturalWidth ? null : this.image;
    return { image, scale: (this.image.naturalWidth || this.page.width) / this.page.width };
  }

  /** Pixels of the screen for one of the picture, where the whole width is seen. */
  #fit() {
    const widest = this.scroll.clientWidth || 300;
    const tallest = Math.max(240, 0.7 * innerHeight);
    return Math.min(widest / this.page.width, tallest / this.page.height);
  }

  /** @param {number} wanted */
  #zoomTo(wanted) {
    this.zoom = within(1, wanted, MOST);
    this.scroll.style.maxHeight = "";
    this.draw();
    this.boxes[this.at]?.scrollIntoView({ block: "nearest", inline: "center" });
  }

  draw() {
    const unit = this.#fit() * this.zoom;
    const width = this.page.width * unit;
    const height = this.page.height * unit;
    this.picture.style.width = `${width}px`;
    this.picture.style.height = `${height}px`;
    this.overlay.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.outlines.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.outlines.replaceChildren(...(this.page.fields ?? []).map((field) => outlineOf(field, unit)));
    this.smaller.disabled = this.zoom <= 1;
    this.whole.disabled = this.zoom <= 1;
    this.larger.disabled = this.zoom >= MOST;
    this.page.digits.forEach((digit, i) => {
      this.#drawBox(this.boxes[i], digit, unit, i);
    });
  }

  /** @param {SVGGElement} box @param {Digit} digit @param {number} unit @param {number} i */
  #drawBox(box, digit, unit, i) {
    const state = digit.corrected !== undefined ? "corrected" : digit.sure ? "sure" : "unsure";
    box.setAttribute("class", `digit-box ${state}${i === this.at ? " chosen" : ""}`);
    box.setAttribute("aria-selected", String(i === this.at));
    box.setAttribute("aria-label", nameOf(this.page, i));
    const edges = digit.box.map((edge) => edge * unit);
    const size = outline(edges);
    const frame = this.image.hidden ? [makeSvg("image", { ...size, href: pngUrl(digit.frame) })] : [];
    box.replaceChildren(
      ...frame,
      makeSvg("rect", { class: "halo", ...size }),
      makeSvg("rect", { class: "edge", ...size }),
      readingText(edges, shortReading(digit)),
    );
  }

  /** @param {number} index @param {boolean} focus */
  choose(index, focus = true) {
    const box = this.boxes[index];
    if (!box) return;
    this.boxes[this.at]?.setAttribute("tabindex", "-1");
    this.at = index;
    box.setAttribute("tabindex", "0");
    this.draw();
    if (focus) box.focus({ preventScroll: true });
    box.scrollIntoView({ block: "nearest", inline: "nearest" });
    this.chosen(index);
  }

  #hear() {
    const indexOf = (/** @type {Event} */ event) =>
      Number(targetOf(event, "[data-index]")?.dataset.index ?? -1);
    this.overlay.addEventListener("click", (event) => this.choose(indexOf(event)));
    this.overlay.addEventListener("focusin", (event) => {
      if (indexOf(event) !== this.at) this.choose(indexOf(event), false);
    });
    this.overlay.addEventListener("keydown", (event) => {
      const { page, at } = this;
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
      this.choose(to());
    });
  }
}

/** A form's field on its picture. @param {ReadField} field @param {number} unit */
function outlineOf({ quad, status }, unit) {
  const points = quad.map((corner) => corner.map((v) => (v * unit).toFixed(1)).join(",")).join(" ");
  return makeSvg("polygon", { class: `field-outline ${status}`, points });
}

/** @param {number} least @param {number} value @param {number} most */
const within = (least, value, most) => Math.min(most, Math.max(least, value));

/** Where something was read: the digits' boxes, or those around a form's fields. @param {ReadPicture} page @returns {Box[]} */
function placesOf({ digits, fields }) {
  if (digits.length) return digits.map(({ box }) => box);
  return (fields ?? []).map(({ quad }) => {
    const [xs, ys] = [quad.map(([x]) => x), quad.map(([, y]) => y)];
    return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
  });
}

/** The box around all boxes and what is written over them; the picture where there is none. @param {Box[]} boxes @param {ReadPicture} page @returns {Box} */
function around(boxes, { width, height }) {
  if (!boxes.length) return [0, 0, width, height];
  const paper = usualHeight(boxes.map((box) => ({ box })));
  return [
    Math.max(0, Math.min(...boxes.map(([left]) => left)) - paper),
    Math.max(0, Math.min(...boxes.map(([, top]) => top)) - paper),
    Math.min(width, Math.max(...boxes.map(([, , right]) => right)) + paper),
    Math.min(height, Math.max(...boxes.map(([, , , bottom]) => bottom)) + paper),
  ];
}

/** @param {{ box: Box }[]} digits */
function usualHeight(digits) {
  const heights = digits.map(({ box }) => box[3] - box[1]).sort((a, b) => a - b);
  return heights[heights.length >> 1] ?? 0;
}

/** @param {Box} box */
function outline([left, top, right, bottom]) {
  return {
    x: left - MARGIN,
    y: top - MARGIN,
    width: right - left + 2 * MARGIN,
    height: bottom - top + 2 * MARGIN,
    rx: 3,
  };
}

/** What was read, above a digit or, where there is no room, below. @param {Box} box @param {string} words */
function readingText([left, top, right, bottom], words) {
  const height = within(14, 0.5 * (bottom - top), 28);
  const above = top - MARGIN - 4 > height * 0.8;
  const text = {
    class: "reading-text",
    x: (left + right) / 2,
    y: above ? top - MARGIN - 4 : bottom + MARGIN + height * 0.85,
    "font-size": height,
    "text-anchor": "middle",
  };
  return makeSvg("text", text, words);
}

/** The digit of the line above or below whose middle is nearest. @param {Digit[]} digits @param {number} at @param {number} step */
function beside(digits, at, step) {
  const from = digits[at];
  const middle = (/** @type {Digit} */ { box }) => (box[0] + box[2]) / 2;
  let best = at;
  digits.forEach((digit, i) => {
    if (digit.line !== from.line + step) return;
    const nearer = Math.abs(middle(digit) - middle(from)) < Math.abs(middle(digits[best]) - middle(from));
    if (best === at || nearer) best = i;
  });
  return best;
}
