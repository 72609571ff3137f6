// Preview: the network that is about to be trained: a picture of it, its weights, its steps.

import { make, makeSvg } from "../common/elements.js";
import { explained } from "../common/notation.js";
import { many, whole } from "../common/words.js";

const SIDE = 28;
const N_CLASSES = 10;
const MOST_DOTS = 12; // neurons of a layer that are drawn
const [WIDTH, HEIGHT] = [640, 250];

export class Preview {
  svg = makeSvg("svg", { class: "network-picture", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img" });
  words = make("p", {});
  list = make("dl", { class: "network-parts" });
  element = make(
    "section",
    { class: "card stack tight", hidden: true, "aria-label": "What will be trained" },
    make("h3", {}, "What will be trained"),
    this.svg,
    this.words,
    this.list,
  );

  /** @param {Planned} planned */
  show({ values, digits, start }) {
    if (start) {
      this.svg.toggleAttribute("hidden", true);
      this.words.textContent = `The model ${start} learns on, as it is built.`;
      this.list.replaceChildren();
      return;
    }
    const { hidden, conv = "", batch_size: batch, epochs } = values;
    if (!hidden) return; // while it is typed
    const layers = layersOf(conv || "", hidden);
    const network = [SIDE * SIDE, conv, ...hidden, N_CLASSES].filter(Boolean).join("-");
    const weights = layers.reduce((sum, { nWeights }) => sum + nWeights, 0);
    const steps = digits && batch ? Math.ceil((0.9 * digits) / batch) : 0;
    const pace = steps && epochs ? ` ${many(steps, "step")} an epoch, ${whole(steps * epochs)} in all.` : "";
    this.words.textContent = `${network}: ${many(weights, "weight")} that begin at random.${pace}`;
    this.svg.toggleAttribute("hidden", false);
    this.svg.setAttribute("aria-label", `The network ${network} as a picture`);
    this.svg.replaceChildren(...drawn(layers));
    const told = explained(network).flatMap(([part, words]) => [make("dt", {}, part), make("dd", {}, words)]);
    this.list.replaceChildren(...told);
  }
}

/**
 * What each layer gives, and how many weights it has, biases included.
 * @typedef {{ kind: "pixels" | "maps" | "neurons", n: number, side: number, nWeights: number }} Part
 * @param {string} conv
 * @param {number[]} hidden
 * @returns {Part[]}
 */
function layersOf(conv, hidden) {
  /** @type {Part[]} */
  const parts = [{ kind: "pixels", n: 1, side: SIDE, nWeights: 0 }];
  let [channels, side] = [1, SIDE];
  for (const word of conv.split("-").filter(Boolean)) {
    const [, n, window] = word.match(/^(\d+)C(\d+)$/) ?? [];
    if (n) {
      const nWeights = Number(n) * (channels * Number(window) ** 2 + 1);
      [channels, side] = [Number(n), side - Number(window) + 1];
      parts.push({ kind: "maps", n: channels, side, nWeights });
    } else {
      side = Math.floor(side / Number(word.slice(2)));
      parts[parts.length - 1].side = side;
    }
  }
  let before = channels * side * side;
  for (const n of [...hidden, N_CLASSES]) {
    parts.push({ kind: "neurons", n, side: 1, nWeights: n * (before + 1) });
    before = n;
  }
  return parts;
}

/** @param {Part[]} parts @returns {SVGElement[]} */
function drawn(parts) {
  const middle = (HEIGHT - 30) / 2;
  const xs = parts.map((_, k) => 60 + (k * (WIDTH - 120)) / Math.max(1, parts.length - 1));
  const dots = parts.map((part) => (part.kind === "neurons" ? dotsOf(part.n, middle) : null));
  const lines = parts.slice(1).flatMap((_, k) => {
    const [from, to] = [dots[k] ?? [middle - 35, middle, middle + 35], dots[k + 1] ?? [middle]];
    const [left, right] = [xs[k] + (dots[k] ? 0 : 36), xs[k + 1] - (dots[k + 1] ? 0 : 36)];
    return from.flatMap((y1) =>
      to.map((y2) => makeSvg("line", { class: "wire", x1: left, y1, x2: right, y2 })),
    );
  });
  const shapes = parts.flatMap(({ kind, n, side }, k) => {
    /** @type {SVGElement[]} */
    let found = [];
    const x = xs[k];
    const words =
      kind === "pixels" ? `${side} × ${side} pixels` : kind === "maps" ? `${n} maps` : many(n, "neuron");
    const last = k === parts.length - 1;
    const label = makeSvg("text", { x, y: HEIGHT - 8, "text-anchor": "middle" }, last ? `${n} sums` : words);
    const ys = dots[k];
    if (ys) {
      const names = last ? ys.map((y, i) => makeSvg("text", { x: x + 16, y: y + 5 }, `${i}`)) : [];
      found = [...ys.map((cy) => makeSvg("circle", { class: "neuron", cx: x, cy, r: 6 })), ...names];
    } else {
      found = squares(x, middle, kind === "pixels" ? 1 : 4);
    }
    return [...found, label];
  });
  return [...lines, ...shapes];
}

/** @param {number} n @param {number} middle */
function dotsOf(n, middle) {
  const shown = Math.min(n, MOST_DOTS);
  const apart = Math.min(22, (2 * middle - 12) / shown);
  return Array.from({ length: shown }, (_, i) => middle + (i - (shown - 1) / 2) * apart);
}

/** @param {number} x @param {number} middle @param {number} n */
function squares(x, middle, n) {
  const side = n === 1 ? 64 : 44;
  return Array.from({ length: n }, (_, i) => {
    const shift = (i - (n - 1) / 2) * 8;
    const at = { x: x - side / 2 + shift, y: middle - side / 2 + shift, width: side, height: side, rx: 3 };
    return makeSvg("rect", { class: "map", ...at });
  });
}
