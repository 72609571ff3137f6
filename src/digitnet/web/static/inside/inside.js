// Inside: every layer's activations for what is drawn, and what each neuron adds to the answer.

import { make } from "../common/elements.js";
import { paintFrame } from "../common/paint.js";
import { StageView } from "./stage_view.js";
import { stagesOf } from "./stages.js";
import { SumsView } from "./sums_view.js";

export class Inside {
  /** @type {Model | null} */
  model = null;
  member = 0;
  /** @type {{ frame: FrameView, stages: StageView[], sums: SumsView } | null} what is on the page */
  built = null;
  /** @type {{ frame: Uint8Array | null, pass: Pass | null, answer: Answer | null }} */
  last = NOTHING;

  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    document.addEventListener("themechange", () => {
      if (!this.built) return;
      for (const stage of this.built.stages) stage.repaint();
      this.#showLast(true);
    });
  }

  /** Another model from now on. @param {Model} model */
  use(model) {
    this.model = model;
    this.member = 0;
    this.built = null;
    this.last = NOTHING;
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
    if (!this.model) return;
    this.built ??= this.#build(this.model);
    const { frame, pass, answer } = this.last;
    this.built.frame.show(frame);
    const seen = pass && { input: pass.input, at: pass.members[this.member].at };
    for (const stage of this.built.stages) stage.show(seen, rests);
    this.built.sums.show(pass, answer, seen);
  }

  /** @param {Model} model */
  #build(model) {
    const described = stagesOf(model.members[this.member], model.frame.side);
    const frame = new FrameView(model.frame.side);
    const stages = described.slice(0, -1).map((stage) => new StageView(stage, model, this.member));
    const sums = new SumsView(model, described[described.length - 1], described.at(-2) ?? null);
    this.root.replaceChildren();
    if (model.members.length > 1) this.root.append(this.#memberMenu(model.members.length));
    this.root.append(frame.element, ...stages.map(({ element }) => element), sums.element);
    return { frame, stages, sums };
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

/** The frame, where everything begins. */
class FrameView {
  /** @param {number} side */
  constructor(side) {
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
    this.element = make("section", { class: "card stage" }, head);
  }

  /** @param {Uint8Array | null} frame */
  show(frame) {
    paintFrame(this.canvas, frame ?? this.blank);
  }
}
