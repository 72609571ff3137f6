// Stage view: one group of layers on the page: its words, its units, and the unit that is looked at.

import { element, makeDetail } from "./unit_view.js";
import { factsOf, weightsOf, windowOf } from "./attribution.js";
import { paintPixels, reach, scale } from "../common/paint.js";
import { unitName } from "./stages.js";
import { colour } from "../common/theme.js";
import { makeUnits } from "./unit_grid.js";

const HOW =
  "Point at one, tap it, or walk with the arrow keys, to see what it adds to each digit. A click keeps it.";
const EXACT =
  "What neuron j adds to digit k is h[j] W[j, k] with the next layer's W: the sums do nothing but add these up.";
const LEFT_OUT =
  "What one adds to each digit is told by leaving it out: the sums with it minus the sums when its numbers are set to 0.";
const PAUSE = 300; // milliseconds without a change before the units' labels are written
const FEW = 36; // so few that they are shown larger

export function makeStage(stage, model, member) {
  const layers = model.members[member];
  const learnt = stage.kind === "Dense" || stage.kind === "Conv2D";
  const root = element("section", "card stage");
  const body = element("div", "stage-body");
  const detail = makeDetail(model.classNames);
  let step = stage.steps.length - 1;
  let found = null;
  let facts = factsNow();
  let units = null;
  let colours = null;
  let labelling = 0;
  let isByHand = false; // whether someone chose the unit that is looked at

  root.append(element("h2", "", stage.title), element("p", "", stage.about));
  if (stage.steps.length > 1) root.append(stepMenu());
  if (stage.isFirst && learnt) root.append(element("p", "quiet small", HOW));
  root.append(body, formula());
  build();

  function factsNow() {
    return factsOf(stage, layers, model.classNames, step, found);
  }

  function formula() {
    const details = element("details");
    details.append(element("summary", "", "The formula"), element("p", "formula", stage.formula));
    if (learnt) details.append(element("p", "quiet small", facts.isExact ? EXACT : LEFT_OUT));
    return details;
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
        facts = factsNow();
        build();
        show(found, true);
        if (isByHand && current >= 0) units.choose(Math.min(current, units.units.length - 1));
      });
      return button;
    });
    group.append(...buttons);
    return group;
  }

  // The units for the step that is shown.
  function build() {
    const n = learnt ? facts.shape[0] : 1;
    units = makeUnits(n, `${stage.title}: ${n} to look at`, (unit, byHand) => {
      isByHand ||= byHand;
      look(unit);
    });
    units.root.addEventListener("more", () => {
      repaint();
      name();
      show(found, false);
    });
    body.classList.toggle("few", n <= FEW);
    body.classList.toggle("with-pictures", !learnt || stage.pixels !== null || facts.each > 1);
    body.replaceChildren(units.root);
    if (learnt) body.append(detail.root);
    else units.asPicture(stage.title);
    detail.root.hidden = true;
    name();
    repaint();
  }

  // The weights as pictures: painted once for a theme, not for a drawing.
  function repaint() {
    colours = { none: colour("--sunken"), most: colour("--accent"), least: colour("--against") };
    if (!stage.pixels) return;
    const [height, width] = stage.pixels;
    units.units.forEach(({ canvas }, unit) => {
      const weights = weightsOf(stage.layer, unit);
      paint(canvas, weights, width, height, reach(weights));
    });
  }

  function paint(canvas, values, width, height, most) {
    const shade = scale(colours.none, colours.most, colours.least);
    paintPixels(canvas, values, width, height, (value) => shade(value / most));
  }

  // Show what a drawing makes of the units; null for none. Unless someone has chosen one, the unit
  // that is looked at is chosen anew whenever the pen rests. While it moves, no unit is left out:
  // the answer could not follow.
  function show(now, rests) {
    found = now;
    facts = factsNow();
    const { shape, values } = facts;
    const most = reach(values);
    units.units.forEach(({ element: unit, canvas, bar }, k) => {
      bar.hidden = !learnt || facts.each > 1;
      if (facts.each > 1) {
        paint(canvas, facts.part(k), shape[2], shape[1], most);
      } else if (!learnt) {
        paint(canvas, values, stage.picture[1], stage.picture[0], most);
      } else {
        const share = values[k] / most;
        const size = Math.abs(share);
        unit.style.setProperty("--share", size.toFixed(3));
        unit.style.setProperty("--seen", found ? (0.35 + 0.65 * size).toFixed(3) : "1");
        unit.classList.toggle("below", share < 0);
      }
    });
    if (!learnt) return;
    const isOpen = !isByHand && (rests || units.current() < 0);
    if (found && isOpen) units.choose(facts.first(units.units.length));
    else if (units.current() >= 0 && (rests || facts.isExact)) look(units.current());
    clearTimeout(labelling);
    labelling = setTimeout(name, PAUSE);
  }

  // What each unit is called, and how strongly it fires.
  function name() {
    if (!learnt) return;
    units.units.forEach(({ element: unit }, k) => {
      const fires = found ? `: ${facts.activation(k).toFixed(2)}` : "";
      unit.setAttribute("aria-label", unitName(stage, k) + fires);
    });
  }

  // Look at one unit.
  function look(unit) {
    detail.root.hidden = false;
    if (stage.pixels) {
      const [height, width] = stage.pixels;
      const weights = weightsOf(stage.layer, unit);
      const before = stage.first > 0 ? found?.at[stage.first - 1] : found?.input;
      const saw = weights.map((weight, i) => weight * (before ? before[i] : 0));
      detail.picture("what it looks for", { values: weights, width, height }, colours);
      detail.picture("what it saw in yours", { values: saw, width, height }, colours);
    } else if (stage.kind === "Conv2D") {
      const [, height, width] = facts.shape;
      const map = facts.each > 1 ? { values: facts.part(unit), width, height } : null;
      detail.picture("its window", windowOf(stage.layer, unit), colours);
      detail.picture("its map", map, colours);
    }
    const adds = facts.adds(unit);
    detail.show({
      name: unitName(stage, unit),
      fires: found ? facts.fires(unit) : null,
      adds,
      formula: found ? facts.sum(unit, adds) : "",
    });
  }

  return { root, show, repaint };
}
