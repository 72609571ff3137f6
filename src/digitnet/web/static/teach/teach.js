// Teach: "that is a 7": drawings of one's own, and a copy of the network that learns them at once.

import { button, make } from "../common/elements.js";
import { paintFrame } from "../common/paint.js";
import { many } from "../common/words.js";
import { frameOf } from "../network/framing.js";
import { modelFolder } from "./model_folder.js";
import { Pupil } from "./pupil.js";
import { zipped } from "./zip.js";

const LEAD =
  "Wrong, or unsure? Say which digit you drew, and a copy of the network learns your hand, here in this browser.";
const ENOUGH = 10; // drawings that a hand is known by

export class Teach {
  /** @type {Pupil | null} */
  pupil = null;
  /** @type {Drawn[]} */
  drawings = [];
  /** @type {Taught | null} */
  taught = null;
  asked = 0; // how often it was to learn
  message = make("p", { class: "taught-words" });
  tiles = make("ul", { class: "taught-tiles", "aria-label": "Drawings that it has learnt" });
  figures = make("div", { class: "taught-figures" });
  labels = make("div", { class: "labels", role: "group", "aria-label": "What you drew" });

  /**
   * @param {HTMLElement} root
   * @param {{
   *   strokes(): Stroke[], risk(): number | null, learnt(model: Model): void, named(): void,
   *   say(text: string): void,
   * }} page what is drawn, how many answers may be wrong; hears of a model that has learnt, and that
   *   what is drawn has its name
   */
  constructor(root, page) {
    this.root = root;
    this.page = page;
    for (let label = 0; label < 10; label++) {
      const attributes = { class: null, "aria-label": `That is a ${label}`, disabled: true };
      this.labels.append(button(`${label}`, () => this.name(label), attributes));
    }
    this.tools = make(
      "div",
      { class: "row" },
      button("Undo the last", () => this.#forget(this.drawings.length - 1), { id: "teach-undo" }),
      button("Forget all", () => this.#learn([]), { id: "teach-forget" }),
      button("Download the model", () => this.#download(), { id: "teach-download" }),
    );
    this.element = make("div", { class: "taught", hidden: true }, this.message, this.tiles, this.figures);
    this.element.append(this.tools, make("p", { class: "quiet small", id: "teach-use" }));
    root.append(
      make("h3", {}, "Teach it your hand"),
      make("p", { class: "quiet small" }, LEAD),
      make("div", { class: "labelling" }, make("span", { "aria-hidden": true }, "That is a"), this.labels),
      this.element,
    );
  }

  /** Another model from now on, which learns what was drawn. @param {Model} model */
  use(model) {
    this.pupil = new Pupil(model);
    this.taught = null;
    this.root.hidden = !this.pupil.canLearn;
    const { framing, frame } = model;
    this.drawings = this.drawings.flatMap(({ strokes, label }) => {
      const seen = frameOf(strokes, framing, frame);
      return seen ? [{ strokes, label, frame: seen }] : [];
    });
    if (this.pupil.canLearn) this.#learn(this.drawings);
  }

  /** Whether there is a digit that can be given its name. @param {boolean} isDrawn */
  allow(isDrawn) {
    for (const each of this.labels.children) if (each instanceof HTMLButtonElement) each.disabled = !isDrawn;
  }

  /** What is drawn is a digit: learn it. Said twice of one drawing, the last word counts. @param {number} label */
  name(label) {
    const { pupil } = this;
    const strokes = this.page.strokes();
    const frame = pupil?.canLearn ? frameOf(strokes, pupil.model.framing, pupil.model.frame) : null;
    if (!frame) return;
    const drawing = { strokes, label, frame };
    const others = this.drawings.filter((other) => other.strokes !== strokes);
    this.page.named();
    this.#learn([...others, drawing]);
  }

  /** @param {number} index */
  #forget(index) {
    const { label } = this.drawings[index];
    this.page.say(`The ${label} is forgotten.`);
    this.#learn(this.drawings.filter((_, k) => k !== index));
  }

  /** Learn these drawings, from the model as it was; none is as it was. @param {Drawn[]} drawings */
  async #learn(drawings) {
    const { pupil } = this;
    if (!pupil) return;
    const mine = ++this.asked;
    const had = this.drawings.length > 0;
    this.drawings = drawings;
    this.#show(drawings.length > 0);
    if (drawings.length === 0) {
      this.taught = null;
      if (had) this.page.learnt(pupil.model);
      return;
    }
    const taught = await pupil.learn(drawings, this.page.risk(), () => mine === this.asked);
    if (!taught || mine !== this.asked) return;
    this.taught = taught;
    this.#show(false);
    this.page.learnt(taught.model);
    this.page.say(`It has learnt ${many(drawings.length, "drawing")}.`);
  }

  /** @param {boolean} isLearning */
  #show(isLearning) {
    const { taught, drawings, pupil } = this;
    this.element.hidden = drawings.length === 0;
    if (!pupil || drawings.length === 0) return;
    const known = isLearning ? null : taught;
    this.element.classList.toggle("learning", isLearning);
    this.message.textContent = known
      ? `Learnt in ${known.seconds.toFixed(1)} s. ${this.#advice()}`
      : `Learning ${many(drawings.length, "drawing")}...`;
    this.tiles.replaceChildren(...drawings.map((drawing, k) => this.#tile(drawing, k, known)));
    this.figures.replaceChildren(...(known ? [table(known, drawings)] : []));
    for (const each of this.tools.children) {
      if (each instanceof HTMLButtonElement && each.id === "teach-download") each.disabled = !known;
    }
    const use = this.element.querySelector("#teach-use");
    if (use)
      use.textContent = `The download is a model's folder: unpacked, digitnet predict --model ${nameOf(pupil.model)} reads with it. What the old model promised about wrong answers was not counted for this one.`;
  }

  #advice() {
    const left = ENOUGH - this.drawings.length;
    if (left > 0)
      return (
        `Draw another digit and name it too: ${many(left, "more")}`.replace(/mores$/, "more") +
        ` and it knows your hand.`
      );
    return "Draw on, and see how it reads what it has not learnt.";
  }

  /** A drawing with its name, what it was read as before and is now. @param {Drawn} drawing @param {number} k @param {Taught | null} known */
  #tile({ frame, label }, k, known) {
    const canvas = make("canvas", { class: "pixels", role: "img", "aria-label": `A ${label} of yours` });
    paintFrame(canvas, frame);
    const now = known
      ? known.before[k] === known.after[k]
        ? `read ${known.after[k]}`
        : `${known.before[k]} → ${known.after[k]}`
      : "...";
    const right = known?.after[k] === label;
    return make(
      "li",
      {},
      canvas,
      make("strong", {}, `${label}`),
      make("span", { class: known && !right ? "wrong" : null }, now),
      button("×", () => this.#forget(k), { class: "forget", "aria-label": `Forget this ${label}` }),
    );
  }

  #download() {
    const { taught } = this;
    if (!taught) return;
    const name = nameOf(taught.model);
    const files = Object.entries(modelFolder(taught.model)).map(([file, bytes]) => [
      `${name}/${file}`,
      bytes,
    ]);
    const href = URL.createObjectURL(
      new Blob([zipped(Object.fromEntries(files))], { type: "application/zip" }),
    );
    make("a", { href, download: `${name}.zip` }).click();
    setTimeout(() => URL.revokeObjectURL(href), 60_000);
  }
}

/** What its folder is called. @param {Model} model */
const nameOf = ({ name }) => `${name.replace(/[^\w.-]+/g, "-").replace(/^[.-]+/, "") || "model"}-taught`;

/** How many are read rightly, before and now. @param {Taught} taught @param {Drawn[]} drawings */
function table({ before, after, usual }, drawings) {
  const right = (/** @type {number[]} */ read) =>
    read.filter((label, k) => label === drawings[k].label).length;
  const row = (/** @type {(string | number)[]} */ [name, ...cells]) =>
    make(
      "tr",
      {},
      make("th", { scope: "row" }, `${name}`),
      ...cells.map((cell) => make("td", {}, `${cell}`)),
    );
  const head = ["Read rightly", "before", "now"].map((word) => make("th", { scope: "col" }, word));
  return make(
    "table",
    {},
    make("thead", {}, make("tr", {}, ...head)),
    make(
      "tbody",
      {},
      row([`your ${many(drawings.length, "drawing")}`, right(before), right(after)]),
      row([`${usual.n} usual digits that it did not rehearse`, usual.before, usual.after]),
    ),
  );
}
