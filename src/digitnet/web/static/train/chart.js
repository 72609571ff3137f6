// Chart: curves over epochs, on axes that say round numbers at any size.

import { make, makeSvg } from "../common/elements.js";

const SPACE = { left: 52, right: 14, top: 12, bottom: 50 };
const WIDTH_OF_TICK = 60; // pixels that an epoch's number needs

/** A chart in a figure. */
export class Chart {
  svg = makeSvg("svg", { class: "chart", role: "img" });
  /** @type {Shown} */
  shown = { key: "", nEpochs: 1, lines: [], words: "" };
  /** @type {Ends | null} between which values the scale has stretched so far */
  ends = null;
  /** @type {number | null} the epoch that is marked */
  mark = null;

  /**
   * @param {{
   *   title: string, log?: boolean, format(value: number): string, floor?: number, ceiling?: number,
   *   hovered(epoch: number | null): void,
   * }} options `log` makes each step down as large as the last when values fall by shares; `format`
   *   writes the numbers of the upright axis; `hovered` hears of the pointer
   */
  constructor(options) {
    this.options = options;
    const { svg } = this;
    this.element = make("figure", { class: "curves" }, make("figcaption", {}, options.title), svg);
    svg.addEventListener("pointermove", (event) => {
      const box = svg.getBoundingClientRect();
      const share = (event.clientX - box.left - SPACE.left) / (box.width - SPACE.left - SPACE.right);
      const { nEpochs } = this.shown;
      options.hovered(Math.min(nEpochs, Math.max(1, Math.round(share * nEpochs))));
    });
    svg.addEventListener("pointerleave", () => options.hovered(null));
    new ResizeObserver(() => this.draw()).observe(svg);
  }

  /** @param {Shown} shown @param {number | null} mark */
  draw(shown = this.shown, mark = this.mark) {
    if (shown.key !== this.shown.key) this.ends = null;
    this.shown = shown;
    this.mark = mark;
    const { svg, options } = this;
    const { clientWidth: width, clientHeight: height } = svg;
    if (!width || !height) return;
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    svg.setAttribute("aria-label", `${options.title}. ${shown.words}`);
    this.ends = wider(
      this.ends,
      options.log ? logarithmicEnds(shown.lines) : linearEnds(shown.lines, options),
    );
    const scale = options.log ? logarithmic(this.ends) : linear(this.ends);
    const right = width - SPACE.right;
    const bottom = height - SPACE.bottom;
    /** @type {Axes} */
    const axes = {
      right,
      bottom,
      x: (epoch) => SPACE.left + (epoch / shown.nEpochs) * (right - SPACE.left),
      y: (value) => bottom - scale.place(value) * (bottom - SPACE.top),
    };
    const markAt = mark === null ? null : axes.x(mark);
    svg.replaceChildren(
      ...scale.ticks.flatMap((value) => valueTick(axes, value, options.format(value))),
      ...epochTicks(axes, shown.nEpochs),
      makeSvg(
        "text",
        { class: "tick axis", x: (SPACE.left + right) / 2, y: bottom + 42, "text-anchor": "middle" },
        "epoch",
      ),
      makeSvg("line", { class: "base", x1: SPACE.left, x2: right, y1: bottom, y2: bottom }),
      ...shown.lines.flatMap((line) => curve(axes, line, shown.nEpochs)),
      ...(markAt === null
        ? []
        : [makeSvg("line", { class: "mark", x1: markAt, x2: markAt, y1: SPACE.top, y2: bottom })]),
    );
  }
}

/** @param {Axes} axes @param {number} value @param {string} words */
function valueTick({ right, y }, value, words) {
  const at = { class: "tick", x: SPACE.left - 8, y: y(value), "text-anchor": "end", dy: "0.35em" };
  return [
    makeSvg("line", { class: "grid", x1: SPACE.left, x2: right, y1: y(value), y2: y(value) }),
    makeSvg("text", at, words),
  ];
}

/** @param {Axes} axes @param {number} nEpochs */
function epochTicks({ right, bottom, x }, nEpochs) {
  const room = Math.max(2, (right - SPACE.left) / WIDTH_OF_TICK);
  return ticks(0, nEpochs, room)
    .filter(Number.isInteger)
    .flatMap((epoch) => {
      const at = { class: "tick", x: x(epoch), y: bottom + 20, "text-anchor": "middle" };
      return [
        makeSvg("line", { class: "notch", x1: x(epoch), x2: x(epoch), y1: bottom, y2: bottom + 5 }),
        makeSvg("text", at, `${epoch}`),
      ];
    });
}

/** A line, and a dot at its end. @param {Axes} axes @param {Line} line @param {number} nEpochs */
function curve({ x, y }, { kind, points, band = [] }, nEpochs) {
  const within = points.filter(([epoch, value]) => epoch <= nEpochs && Number.isFinite(value));
  const path = within.map(([epoch, value]) => `${x(epoch).toFixed(1)},${y(value).toFixed(1)}`).join(" ");
  /** @type {SVGElement[]} */
  const parts = [];
  const inBand = band.filter(([epoch]) => epoch <= nEpochs);
  if (inBand.length > 1) {
    const at = (/** @type {number} */ epoch, /** @type {number} */ value) =>
      `${x(epoch).toFixed(1)},${y(value).toFixed(1)}`;
    const over = inBand.map(([epoch, , to]) => at(epoch, to));
    const under = inBand.map(([epoch, from]) => at(epoch, from)).reverse();
    parts.push(makeSvg("polygon", { class: `band ${kind}`, points: [...over, ...under].join(" ") }));
  }
  if (within.length > 1) parts.push(makeSvg("polyline", { class: `line ${kind}`, points: path }));
  if (within.length && !kind.includes("steps")) {
    const [epoch, value] = within[within.length - 1];
    parts.push(makeSvg("circle", { class: `dot ${kind}`, cx: x(epoch), cy: y(value), r: 3.5 }));
  }
  return parts;
}

/** @param {Line[]} lines */
const finite = (lines) =>
  lines
    .flatMap(({ points, band = [] }) => [
      ...points.map(([, value]) => value),
      ...band.flatMap(([, ...ends]) => ends),
    ])
    .filter(Number.isFinite);

/** Both together: a scale that grows, and never jumps back. @param {Ends | null} one @param {Ends} other @returns {Ends} */
const wider = (one, other) =>
  one ? { low: Math.min(one.low, other.low), high: Math.max(one.high, other.high) } : other;

/** @param {number} share */
const between0And1 = (share) => Math.min(1, Math.max(0, share));

/** @param {Line[]} lines @returns {Ends} */
function logarithmicEnds(lines) {
  const positive = finite(lines).filter((value) => value > 0);
  const low = stepBelow(Math.min(...positive, 1));
  return { low, high: stepAbove(Math.max(...positive, low * 4)) };
}

/** Where values lie between the ends of an axis (0 to 1), and which of them to write down. @param {Ends} ends @returns {Scale} */
function logarithmic({ low, high }) {
  const span = Math.log(high / low);
  const place = (/** @type {number} */ value) =>
    between0And1(Math.log(Math.max(value, low / 2) / low) / span);
  return { place, ticks: thinned(roundSteps(low, high)) };
}

/** @param {Line[]} lines @param {{ floor?: number, ceiling?: number }} given @returns {Ends} */
function linearEnds(lines, { floor, ceiling }) {
  const values = finite(lines);
  const high = ceiling ?? Math.max(...values);
  const least = values.length ? Math.min(...values, high - 0.01) : -Infinity;
  return { low: Math.max(floor ?? 0, least), high };
}

/** @param {Ends} ends @returns {Scale} */
function linear({ low, high }) {
  const marks = ticks(low, high, 5);
  const [first] = marks;
  return { place: (value) => between0And1((value - first) / (high - first || 1)), ticks: marks };
}

/** Round numbers from at or below `low` up to `high`, about `count` of them. @param {number} low @param {number} high @param {number} count */
function ticks(low, high, count) {
  const rough = (high - low || 1) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const sizes = [1, 2, 5, 10].map((factor) => factor * power);
  const step = sizes.find((size) => size >= rough * 0.999) ?? 10 * power;
  const marks = [];
  for (let n = Math.floor(low / step + 1e-9); n * step <= high + step * 1e-6; n++) {
    marks.push(Number((n * step).toPrecision(12)));
  }
  return marks;
}

/** 1, 2, 5, 10, 20, 50 and so on, and 0.5, 0.2, 0.1 the other way. @param {number} low @param {number} high */
function roundSteps(low, high) {
  const steps = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++) {
    for (const factor of [1, 2, 5]) steps.push(Number((factor * 10 ** power).toPrecision(3)));
  }
  return steps.filter((step) => step >= low * 0.999 && step <= high * 1.001);
}

/** @param {number} value */
const stepBelow = (value) => roundSteps(value / 10, value).at(-1) ?? value;
/** @param {number} value */
const stepAbove = (value) => roundSteps(value, value * 10)[0];

/** Over more than two powers of ten, the powers are enough. @param {number[]} steps */
function thinned(steps) {
  return steps.length > 7 ? steps.filter((step) => /^(1|0\.0*1)0*$/.test(String(step))) : steps;
}
