// Chart: curves over epochs, on axes that say round numbers at any size.

import { make, makeSvg } from "../common/elements.js";

const SPACE = { left: 52, right: 14, top: 12, bottom: 34 };

// A chart in a figure. `log` makes each step down as large as the last when values fall by shares;
// `format(value)` writes the numbers of the upright axis; `hovered(epoch or null)` hears the pointer.
export function startChart({ title, log, format, floor, ceiling, hovered }) {
  const svg = makeSvg("svg", { class: "chart", role: "img" });
  const element = make("figure", { class: "curves" }, make("figcaption", {}, title), svg);
  let shown = { nEpochs: 1, lines: [], words: "" };
  let marked = null;

  function draw(what = shown, mark = marked) {
    shown = what;
    marked = mark;
    const width = svg.clientWidth;
    const height = svg.clientHeight;
    if (!width || !height) return;
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    svg.setAttribute("aria-label", `${title}. ${what.words}`);
    const scale = axis(
      what.lines.filter((line) => !line.rough),
      { log, floor, ceiling },
    );
    const right = width - SPACE.right;
    const bottom = height - SPACE.bottom;
    const x = (epoch) => SPACE.left + (epoch / what.nEpochs) * (right - SPACE.left);
    const y = (value) => bottom - scale.place(value) * (bottom - SPACE.top);
    const parts = [];
    for (const value of scale.ticks) {
      parts.push(makeSvg("line", { class: "grid", x1: SPACE.left, x2: right, y1: y(value), y2: y(value) }));
      const at = { class: "tick", x: SPACE.left - 8, y: y(value), "text-anchor": "end", dy: "0.35em" };
      parts.push(makeSvg("text", at, format(value)));
    }
    for (const epoch of ticks(0, what.nEpochs, Math.max(2, (right - SPACE.left) / 60)).filter(
      Number.isInteger,
    )) {
      parts.push(makeSvg("line", { class: "notch", x1: x(epoch), x2: x(epoch), y1: bottom, y2: bottom + 5 }));
      parts.push(
        makeSvg("text", { class: "tick", x: x(epoch), y: bottom + 20, "text-anchor": "middle" }, `${epoch}`),
      );
    }
    parts.push(makeSvg("line", { class: "base", x1: SPACE.left, x2: right, y1: bottom, y2: bottom }));
    for (const { kind, points } of what.lines) {
      const within = points.filter(([epoch, value]) => epoch <= what.nEpochs && Number.isFinite(value));
      const path = within.map(([epoch, value]) => `${x(epoch).toFixed(1)},${y(value).toFixed(1)}`).join(" ");
      if (within.length > 1) parts.push(makeSvg("polyline", { class: `line ${kind}`, points: path }));
      if (within.length && !kind.includes("steps")) {
        const [epoch, value] = within.at(-1);
        parts.push(makeSvg("circle", { class: `dot ${kind}`, cx: x(epoch), cy: y(value), r: 3.5 }));
      }
    }
    if (mark !== null) {
      parts.push(makeSvg("line", { class: "mark", x1: x(mark), x2: x(mark), y1: SPACE.top, y2: bottom }));
    }
    svg.replaceChildren(...parts);
  }

  svg.addEventListener("pointermove", (event) => {
    const box = svg.getBoundingClientRect();
    const share = (event.clientX - box.left - SPACE.left) / (box.width - SPACE.left - SPACE.right);
    hovered(Math.min(shown.nEpochs, Math.max(1, Math.round(share * shown.nEpochs))));
  });
  svg.addEventListener("pointerleave", () => hovered(null));
  new ResizeObserver(() => draw()).observe(svg);
  return { element, draw };
}

// Where values lie between the ends of an axis (0 to 1), and which of them to write down.
function axis(lines, { log, floor, ceiling }) {
  const values = lines.flatMap(({ points }) => points.map(([, value]) => value)).filter(Number.isFinite);
  if (log) {
    const positive = values.filter((value) => value > 0);
    const low = stepBelow(Math.min(...positive, 1));
    const high = stepAbove(Math.max(...positive, low * 4));
    const span = Math.log(high / low);
    const place = (value) => Math.min(1, Math.max(0, Math.log(Math.max(value, low / 2) / low) / span));
    return { place, ticks: thinned(roundSteps(low, high)) };
  }
  const high = ceiling ?? Math.max(...values);
  const least = values.length ? Math.min(...values, high - 0.01) : -Infinity;
  const low = Math.max(floor ?? 0, least);
  const marks = ticks(low, high, 5);
  const first = marks[0];
  return { place: (value) => Math.min(1, Math.max(0, (value - first) / (high - first || 1))), ticks: marks };
}

// Round numbers from at or below `low` up to `high`, about `count` of them.
export function ticks(low, high, count) {
  const rough = (high - low || 1) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough * 0.999);
  const marks = [];
  for (let n = Math.floor(low / step + 1e-9); n * step <= high + step * 1e-6; n++) {
    marks.push(Number((n * step).toPrecision(12)));
  }
  return marks;
}

// 1, 2, 5, 10, 20, 50 and so on, and 0.5, 0.2, 0.1 the other way.
function roundSteps(low, high) {
  const steps = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++) {
    for (const factor of [1, 2, 5]) steps.push(Number((factor * 10 ** power).toPrecision(3)));
  }
  return steps.filter((step) => step >= low * 0.999 && step <= high * 1.001);
}

const stepBelow = (value) => roundSteps(value / 10, value).at(-1);
const stepAbove = (value) => roundSteps(value, value * 10)[0];

// Over more than two powers of ten, the powers are enough.
function thinned(steps) {
  return steps.length > 7 ? steps.filter((step) => /^(1|0\.0*1)0*$/.test(String(step))) : steps;
}
