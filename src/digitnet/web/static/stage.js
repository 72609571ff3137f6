// Stage: one group of layers on the page: its words, its units, and the unit that is looked at.

import { element, makeDetail, signed } from "./detail.js";
import { forwardFrom } from "./network.js";
import { paintPixels, reach, scale } from "./paint.js";
import { unitName, withoutUnit } from "./stages.js";
import { colour } from "./theme.js";
import { makeUnits } from "./units.js";

const HOW =
  "Point at one, tap it, or walk with the arrow keys, to see what it adds to each digit. A click keeps it.";
const PAUSE = 300; // milliseconds without a change before the units' labels are written

export function makeStage(stage, model, member) {
  const layers = model.members[member];
  const root = element("section", "card stage");
  const plain = stage.kind !== "Dense" && stage.kind !== "Conv2D"; // nothing learnt in it
  let step = stage.steps.length - 1;
  let found = null;
  let colours = null;
  let labelling = 0;
  let isFresh = true; // nobody has chosen a unit, and nothing was drawn yet
  const index = () => stage.steps[step].index;
  const shape = () => layers[index()].shape;

  root.append(element("h2", "", stage.title), element("p", "", stage.about));
  if (stage.steps.length > 1) root.append(stepMenu());
  if (stage.isFirst && !plain) root.append(element("p", "quiet small", HOW));
  const body = element("div", "stage-body");
  const detail = makeDetail(model.classNames);
  let units = null;
  root.append(body);
  const formula = element("details");
  formula.append(element("summary", "", "The formula"), element("p", "formula", stage.formula));
  if (!plain) {
    const exact = nextDense() !== null;
    formula.append(
      element(
        "p",
        "quiet small",
        exact
          ? "What neuron j adds to digit k is h[j] W[j, k] with the next layer's W: the sums do nothing but add these up."
          : "What one adds to each digit is told by leaving it out: the sums with it minus the sums when its numbers are set to 0.",
      ),
    );
  }
  root.append(formula);
  build();

  function build() {
    body.replaceChildren();
    const size = shape();
    const n = plain ? 1 : size[0];
    units = makeUnits(n, `${stage.title}: ${n} to look at`, look);
    units.root.addEventListener("more", () => {
      repaint();
      name();
      show(found);
    });
    name();
    if (plain) {
      units.list.removeAttribute("role");
      units.list.removeAttribute("aria-label");
      const [{ element: picture }] = units.units;
      picture.classList.add("map");
      picture.setAttribute("role", "img");
      picture.setAttribute("aria-label", stage.title);
      ["aria-selected", "tabindex"].forEach((name) => picture.removeAttribute(name));
    }
    body.classList.toggle("few", n <= 36);
    body.classList.toggle("with-pictures", plain || stage.pixels !== null || size.length === 3);
    body.append(units.root);
    if (!plain) body.append(detail.root);
    detail.root.hidden = units.current() < 0;
    repaint();
  }

  function stepMenu() {
    const group = element("div", "steps");
    group.setAttribute("role", "group");
    group.setAttribute("aria-label", "After which step");
    const buttons = stage.steps.map(({ name }, k) => {
      const button = element("button", "step", name);
      button.type = "button";
      button.setAttribute("aria-pressed", String(k === step));
      button.addEventListener("click", () => {
        step = k;
        buttons.forEach((each, i) => each.setAttribute("aria-pressed", String(i === k)));
        const current = units.current();
        build();
        show(found);
        if (current >= 0) units.choose(Math.min(current, units.units.length - 1));
      });
      return button;
    });
    group.append(...buttons);
    return group;
  }

  // The weights as pictures: painted once for a theme, not for a drawing.
  function repaint() {
    colours = {
      none: colour("--sunken"),
      most: colour("--accent"),
      least: colour("--against"),
    };
    if (stage.pixels) {
      units.units.forEach(({ canvas }, unit) => paintSigned(canvas, weightsOf(unit), stage.pixels));
    }
  }

  function weightsOf(unit) {
    const { W, n_in: nIn, n_out: nOut } = stage.layer;
    return Float32Array.from({ length: nIn }, (_, i) => W[i * nOut + unit]);
  }

  function paintSigned(canvas, values, [height, width]) {
    const most = reach(values);
    const paint = scale(colours.none, colours.most, colours.least);
    paintPixels(canvas, values, width, height, (value) => paint(value / most));
  }

  function show(now) {
    found = now;
    const values = found?.at[index()];
    const size = shape();
    const most = values ? reach(values) : 1;
    const each = size.length === 3 ? size[1] * size[2] : 1;
    const paint = scale(colours.none, colours.most, colours.least);
    units.units.forEach(({ element: unit, canvas, bar }, k) => {
      if (size.length === 3) {
        const part = values ? values.subarray(k * each, (k + 1) * each) : new Float32Array(each);
        paintPixels(canvas, part, size[2], size[1], (value) => paint(value / most));
        bar.hidden = true;
      } else if (plain) {
        const picture = values ?? new Float32Array(784);
        paintPixels(canvas, picture, 28, 28, (value) => paint(value / most));
        bar.hidden = true;
      } else {
        const share = values ? values[k] / most : 0;
        unit.style.setProperty("--share", Math.abs(share).toFixed(3));
        unit.style.setProperty("--seen", values ? (0.35 + 0.65 * Math.abs(share)).toFixed(3) : "1");
        unit.classList.toggle("below", share < 0);
      }
    });
    if (plain) return;
    if (!found) {
      isFresh = true;
    } else if (isFresh && units.current() < 0) {
      isFresh = false;
      units.choose(first(values, each));
    }
    if (units.current() >= 0) look(units.current());
    clearTimeout(labelling);
    labelling = setTimeout(name, PAUSE);
  }

  // The unit to begin with: the one that does most for the answer where the sums come next, else
  // the one that fires most.
  function first(values, each) {
    const next = nextDense();
    const answer = answerLabel();
    const worth = (unit) =>
      activation(values, unit, each) * (next ? next.W[unit * next.n_out + answer] : 1);
    let best = 0;
    units.units.forEach((_, unit) => {
      if (worth(unit) > worth(best)) best = unit;
    });
    return best;
  }

  function answerLabel() {
    const logits = found.at[found.at.length - 1];
    return logits.indexOf(Math.max(...logits));
  }

  // The layer that makes the sums, where nothing else comes between it and these units.
  function nextDense() {
    const next = layers.slice(index() + 1).filter(({ kind }) => kind !== "Dropout");
    return next.length === 1 && next[0].kind === "Dense" ? next[0] : null;
  }

  // A neuron's number; of a map the largest.
  function activation(values, unit, each) {
    if (each === 1) return values[unit];
    return Math.max(...values.subarray(unit * each, (unit + 1) * each));
  }

  // What each unit is called, and how strongly it fires.
  function name() {
    if (plain) return;
    const values = found?.at[index()];
    const size = shape();
    const each = size.length === 3 ? size[1] * size[2] : 1;
    units.units.forEach(({ element: unit }, k) => {
      const fires = values ? `: ${activation(values, k, each).toFixed(2)}` : "";
      unit.setAttribute("aria-label", unitName(stage, k) + fires);
    });
  }

  // Look at one unit.
  function look(unit) {
    if (plain) return;
    detail.root.hidden = false;
    const values = found?.at[index()] ?? new Float32Array(shape().reduce((n, side) => n * side, 1));
    const size = shape();
    const each = size.length === 3 ? size[1] * size[2] : 1;
    if (stage.pixels) {
      const [height, width] = stage.pixels;
      const weights = weightsOf(unit);
      const before = stage.first > 0 ? found?.at[stage.first - 1] : found?.input;
      detail.picture("what it looks for", { values: weights, width, height }, colours);
      const saw = weights.map((weight, i) => weight * (before ? before[i] : 0));
      detail.picture("what it saw in yours", { values: saw, width, height }, colours);
    } else if (stage.kind === "Conv2D") {
      detail.picture("its window", kernelOf(unit), colours);
      const map =
        each > 1 && { values: values.slice(unit * each, (unit + 1) * each), width: size[2], height: size[1] };
      detail.picture("its map", map || null, colours);
    }
    const strength = activation(values, unit, each);
    const { logits, rest } = sumsWithout(values, size, unit);
    const adds = logits.map((logit, k) => logit - rest[k]);
    detail.show({
      name: unitName(stage, unit),
      fires: firesWords(strength, each),
      adds,
      formula: found ? sumWords(unit, strength, adds) : "",
    });
  }

  // The logits, and what they would be without the unit.
  function sumsWithout(values, size, unit) {
    if (!found) return { logits: model.classNames.map(() => 0), rest: model.classNames.map(() => 0) };
    const logits = [...found.at[found.at.length - 1]];
    return { logits, rest: forwardFrom(layers, index(), withoutUnit(values, size, unit)) };
  }

  function firesWords(strength, each) {
    if (!found) return "Nothing is drawn yet";
    const amount = strength.toFixed(2);
    if (each > 1) return `It lights up to ${amount} at its brightest place`;
    if (strength < 0) return `It stands at ${amount.replace("-", "−")}`;
    return strength < 0.005 ? "It does not fire" : `It fires at ${amount}`;
  }

  // The sum in numbers, for the digit that is the answer.
  function sumWords(unit, strength, adds) {
    const label = answerLabel();
    const name = model.classNames[label];
    const next = nextDense();
    if (next) {
      const weight = next.W[unit * next.n_out + label];
      return `${strength.toFixed(2)} × ${signedWeight(weight)} = ${signedWeight(adds[label])} for ${name}`;
    }
    return `with it minus without it: ${signedWeight(adds[label])} for ${name}`;
  }

  function kernelOf(unit) {
    const { W, channels_in: channels, channels_out: nOut, size } = stage.layer;
    if (channels > 1) return null;
    const values = Float32Array.from({ length: size * size }, (_, i) => W[i * nOut + unit]);
    return { values, width: size, height: size };
  }

  return { root, show, repaint };
}

const signedWeight = (value) => signed(value).replace("+", "");
