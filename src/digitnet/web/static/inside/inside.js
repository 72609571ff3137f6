// Inside: every layer's activations for what is drawn, and what each neuron adds to the answer.

import { short } from "../draw/answer.js";
import { element, signed } from "./unit_view.js";
import { paintFrame } from "../common/paint.js";
import { makeStage } from "./stage_view.js";
import { stagesOf } from "./stages.js";

const N_DECIDERS = 5; // neurons that are named beneath the sums

export function startInside(root) {
  let model = null;
  let member = 0;
  let built = false;
  let stages = [];
  let last = [null, null, null];
  let head, sums;

  function build() {
    built = true;
    root.replaceChildren();
    if (model.members.length > 1) root.append(memberMenu());
    head = makeHead();
    root.append(head.root);
    const described = stagesOf(model.members[member]);
    stages = described.slice(0, -1).map((stage) => makeStage(stage, model, member));
    stages.forEach((stage) => root.append(stage.root));
    sums = makeSums(model, described[described.length - 1], described[described.length - 2]);
    root.append(sums.root);
  }

  function memberMenu() {
    const label = element("label", "field");
    const menu = element("select");
    model.members.forEach((_, k) => menu.append(new Option(`Network ${k + 1}`, k)));
    menu.value = member;
    menu.addEventListener("change", () => {
      member = Number(menu.value);
      build();
      show(...last, true);
    });
    const words = `This model asks ${model.members.length} networks and takes the mean. You look into`;
    label.append(element("span", "", words), menu);
    return label;
  }

  // `rests` whether the pen does.
  function show(frame, pass, said, rests) {
    last = [frame, pass, said];
    if (!model) return;
    if (!built) build();
    head.show(frame);
    const found = pass && { input: pass.input, at: pass.members[member].at };
    stages.forEach((stage) => stage.show(found, rests));
    sums.show(pass, said, found);
  }

  document.addEventListener("themechange", () => {
    if (!built) return;
    stages.forEach((stage) => stage.repaint());
    show(...last, true);
  });

  return {
    show,
    use(other) {
      model = other;
      member = 0;
      built = false;
      last = [null, null, null];
    },
  };
}

// The frame, where everything begins.
function makeHead() {
  const root = element("section", "card stage");
  const canvas = element("canvas", "pixels frame-picture");
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", "The drawing in 28 by 28 pixels");
  const words = element("div");
  words.append(
    element("h2", "", "The drawing becomes 784 numbers"),
    element(
      "p",
      "",
      "This is all that the network gets: 28 × 28 pixels, each a number from 0 for paper to 1 for full ink.",
    ),
  );
  const body = element("div", "stage-head");
  body.append(canvas, words);
  root.append(body);
  return { root, show: (frame) => paintFrame(canvas, frame ?? new Uint8Array(784)) };
}

// The last stage: a sum for each digit, and the probabilities they make; `before` is the stage that
// is added up.
function makeSums(model, stage, before) {
  const root = element("section", "card stage");
  const table = element("table", "table sums");
  table.innerHTML =
    "<thead><tr><th scope='col'>Digit</th><th scope='col' class='number'>Sum</th><th scope='col'><span class='visually-hidden'>As a bar</span></th><th scope='col' class='number'>Likely</th></tr></thead>";
  const body = element("tbody");
  const rows = model.classNames.map((name) => {
    const row = element("tr");
    const label = element("th", "", name);
    label.scope = "row";
    const [sum, bar, likely] = [element("td", "number"), element("td", "sum-bar"), element("td", "number")];
    const track = element("span", "adds-track");
    const fill = element("span", "adds-fill");
    track.append(fill);
    bar.append(track);
    row.append(label, sum, bar, likely);
    body.append(row);
    return { row, sum, fill, likely };
  });
  table.append(body);
  const formula = element("details");
  formula.append(
    element("summary", "", "The formula"),
    element("p", "formula", stage.formula),
    element(
      "p",
      "quiet small",
      `T = ${model.temperature.toFixed(2)} was set on digits the network had not learnt from, so that “90 %” is right nine times in ten. Below ${(100 * model.leastProbability).toFixed(0)} % the answer is “unsure”.${ofNovelty(model)}`,
    ),
  );
  const deciders = element("p", "deciders");
  root.append(element("h2", "", stage.title), element("p", "", stage.about), table, deciders, formula);

  function show(pass, said, found) {
    deciders.textContent = found && before?.kind === "Dense" ? mostFor(found, said.order[0]) : "";
    const most = pass ? Math.max(...pass.logits.map(Math.abs), 1e-9) : 1;
    rows.forEach(({ row, sum, fill, likely }, label) => {
      const value = pass ? pass.logits[label] : 0;
      sum.textContent = pass ? signed(value) : "";
      fill.style.transform = `scaleX(${value / most})`;
      fill.classList.toggle("against", value < 0);
      likely.textContent = said ? short(said.probabilities[label]) : "";
      row.classList.toggle("first", Boolean(said) && said.order[0] === label);
    });
  }
  // The neurons that add most to the answer.
  function mostFor(found, label) {
    const { W, n_out: nOut } = stage.layer;
    const adds = Array.from(found.at[stage.first - 1], (fires, j) => fires * W[j * nOut + label]);
    const most = [...adds.keys()].sort((a, b) => adds[b] - adds[a]).slice(0, N_DECIDERS);
    const named = most.filter((j) => adds[j] > 0).map((j) => `${j + 1} (${signed(adds[j])})`);
    if (named.length === 0) return "";
    return `Most for ${model.classNames[label]} comes from neuron ${named.join(", ")}.`;
  }

  return { root, show };
}

// Who says that something is no digit is not among the layers.
const ofNovelty = ({ novelty }) =>
  novelty
    ? " Whether it is a digit at all is told by a second opinion, which compares where strokes run, and which way, with the digits that were learnt."
    : "";
