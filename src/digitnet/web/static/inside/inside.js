// Inside: every layer's activations for what is drawn, and what each neuron adds to the answer.

import { button, make } from "../common/elements.js";
import { notation } from "../common/notation.js";
import { paintFrame } from "../common/paint.js";
import { answerOf, forward } from "../network/network.js";
import { NetworkMap } from "./network_map.js";
import { StageView } from "./stage_view.js";
import { stagesOf } from "./stages.js";
import { SumsView } from "./sums_view.js";

export class Inside {
  /** @type {Model | null} the one that is looked into */
  model = null;
  /** @type {Model | null} the one that answers on the page */
  inUse = null;
  nChosen = 0; // how often the page has chosen a model: the first time, nobody did
  member = 0;
  /** @type {{ frame: FrameView, stages: StageView[], sums: SumsView } | null} what is on the page */
  built = null;
  /** @type {{ frame: Uint8Array | null, pass: Pass | null, answer: Answer | null }} */
  last = NOTHING;

  /** @param {HTMLElement} root @param {() => Promise<Model | null>} spare a model to begin with where the page's has many layers */
  constructor(root, spare) {
    this.root = root;
    this.spare = spare;
    document.addEventListener("themechange", () => {
      if (!this.built) return;
      for (const stage of this.built.stages) stage.repaint();
      this.#showLast(true);
    });
  }

  /** Another model from now on. @param {Model} model */
  use(model) {
    this.nChosen++;
    this.inUse = model;
    // Learners begin with a network of one hidden layer; whoever chooses a model sees that one.
    const isDeep = model.members.some((layers) => layers.some(({ kind }) => kind === "Conv2D"));
    this.#lookInto(isDeep && this.nChosen === 1 ? null : model);
    this.last = NOTHING;
  }

  /** @param {Model | null} model null for a simple one, which may have to be fetched */
  #lookInto(model) {
    this.model = model;
    this.member = 0;
    this.built = null;
  }

  async #begin() {
    const { inUse, nChosen } = this;
    const simple = await this.spare();
    if (nChosen !== this.nChosen || this.model || !inUse) return;
    this.#lookInto(simple && simple.framing === inUse.framing ? simple : inUse);
    this.#showLast(true);
  }

  /**
   * @param {Uint8Array | null} frame
   * @param {Pass | null} pass
   * @param {Answer | null} answer
   * @param {boolean} rests whether the pen does
   */
  show(frame, pass, answer, rests) {
    this.last = { frame, pass, answer };
    this.#showLast(rests);
  }

  /** @param {boolean} rests */
  #showLast(rests) {
    const { model, inUse } = this;
    if (!model) {
      if (inUse) this.#begin();
      return;
    }
    this.built ??= this.#build(model);
    const { frame } = this.last;
    let { pass, answer } = this.last;
    if (model !== inUse && frame) {
      pass = forward(model, frame);
      answer = answerOf(model, pass.logits, frame, null);
    }
    this.built.frame.show(frame);
    const seen = pass && { input: pass.input, at: pass.members[this.member].at };
    for (const stage of this.built.stages) stage.show(seen, rests);
    this.built.sums.show(pass, answer, seen);
  }

  /** @param {Model} model */
  #build(model) {
    const described = stagesOf(model.members[this.member], model.frame.side);
    const frame = new FrameView(model.frame.side, this.#which(model));
    const stages = described.slice(0, -1).map((stage) => new StageView(stage, model, this.member));
    const sums = new SumsView(model, described[described.length - 1], described.at(-2) ?? null);
    this.root.replaceChildren();
    if (model.members.length > 1) this.root.append(this.#memberMenu(model.members.length));
    const map = new NetworkMap([
      {
        name: "pixels",
        size: `${model.frame.side} × ${model.frame.side}`,
        glyph: "pixels",
        element: frame.element,
      },
      ...stages.map(({ stage, element }) => ({ ...onMap(stage), element })),
      { name: "sums", size: `${model.classNames.length}`, glyph: "sums", element: sums.element },
    ]);
    this.root.append(map.element, frame.element, ...stages.map(({ element }) => element), sums.element);
    return { frame, stages, sums };
  }

  /** Which model is looked into, and the way to the other one. @param {Model} model */
  #which(model) {
    const { inUse } = this;
    const words = make(
      "p",
      { class: "looked-into" },
      `You look into ${model.name}, `,
      notation(model.network),
      ".",
    );
    if (!inUse || model === inUse) return words;
    const other = button(`Look into ${inUse.name}`, () => {
      this.#lookInto(inUse);
      this.#showLast(true);
      const heading = this.root.querySelector("h2");
      heading?.setAttribute("tabindex", "-1");
      heading?.focus();
    });
    words.append(` The page answers with ${inUse.name}, which has more layers.`);
    return make("div", { class: "which" }, words, other);
  }

  /** @param {number} n */
  #memberMenu(n) {
    const options = Array.from({ length: n }, (_, k) => make("option", { value: k }, `Network ${k + 1}`));
    const menu = make("select", {}, ...options);
    menu.value = String(this.member);
    menu.addEventListener("change", () => {
      this.member = Number(menu.value);
      this.built = null;
      this.#showLast(true);
    });
    const words = `This model asks ${n} networks and takes the mean. You look into`;
    return make("label", { class: "field" }, make("span", {}, words), menu);
  }
}

const NOTHING = { frame: null, pass: null, answer: null };

/** How a stage stands on the map. @param {Stage} stage @returns {{ name: string, size: string, glyph: "pixels" | "maps" | "neurons" }} */
function onMap({ kind, layer, steps }) {
  if (kind === "Dense") return { name: "neurons", size: `${layer.n_out}`, glyph: "neurons" };
  if (kind === "Conv2D") {
    const pooled = steps.some(({ name }) => /^(largest|mean) of/.test(name));
    return { name: pooled ? "maps, pooled" : "maps", size: `${layer.channels_out}`, glyph: "maps" };
  }
  const name = kind === "Deskew" ? "upright" : kind.endsWith("Pool2D") ? "smaller" : "to scale";
  return { name, size: "pixels", glyph: "pixels" };
}

/** The frame, where everything begins. */
class FrameView {
  /** @param {number} side @param {HTMLElement} which says which model is looked into */
  constructor(side, which) {
    this.blank = new Uint8Array(side ** 2);
    const name = `The drawing in ${side} by ${side} pixels`;
    this.canvas = make("canvas", { class: "pixels frame-picture", role: "img", "aria-label": name });
    const words = make(
      "div",
      {},
      make("h2", {}, `The drawing becomes ${side ** 2} numbers`),
      make(
        "p",
        {},
        `This is all that the network gets: ${side} × ${side} pixels, each a number from 0 for paper to 1 for full ink.`,
      ),
    );
    const head = make("div", { class: "stage-head" }, this.canvas, words);
    this.element = make("section", { class: "card stage" }, head, which);
  }

  /** @param {Uint8Array | null} frame */
  show(frame) {
    paintFrame(this.canvas, frame ?? this.blank);
  }
}
