// One step: the loss of a digit, the error back through the layers, and a step of gradient descent,
// on a copy of the network in the page.

import { button, make } from "../common/elements.js";
import { paintFrame } from "../common/paint.js";
import { frameOf } from "../network/framing.js";
import { diagnose } from "./diagnosis.js";
import { ErrorView } from "./error_view.js";
import { Experiment, learnerOf, newLearner } from "./experiment.js";
import { nats } from "./figures.js";
import { LossView } from "./loss_view.js";
import { Settings } from "./settings.js";
import { WeightsView } from "./weights_view.js";

const FIRST = 5; // the sample that is there before anything is drawn

export class OneStep {
  /** @type {Model | null} */
  model = null;
  /** @type {{ experiment: Experiment, settings: Settings, views: Views } | null} what is on the page */
  built = null;
  /** @type {Stroke[]} */
  strokes = [];
  running = 0;
  told = { sentence: "", broken: false };
  /** @typedef {{ loss: LossView, error: ErrorView, weights: WeightsView, seen: HTMLCanvasElement, caption: HTMLElement, bar: HTMLElement, run: HTMLButtonElement }} Views */

  /**
   * @param {HTMLElement} root
   * @param {HTMLElement} form where the settings go
   * @param {(text: string) => void} say
   * @param {() => Promise<Model | null>} spare a model to use where the one in use has other layers
   */
  constructor(root, form, say, spare) {
    this.root = root;
    this.form = form;
    this.say = say;
    this.spare = spare;
    document.addEventListener("themechange", () => this.built?.views.weights.repaint());
  }

  /** Another model from now on. @param {Model} model */
  use(model) {
    this.stop();
    this.model = model;
    this.built = null;
  }

  /** What is drawn; the first time the part is built. @param {Stroke[]} strokes @param {number | null} shown the example that it is */
  async show(strokes, shown) {
    const { model } = this;
    if (!model) return;
    const isNew = strokes !== this.strokes || !this.built;
    this.strokes = strokes;
    if (!this.built) {
      const learner = learnerOf(model);
      const other = learner ? null : await this.spare();
      if (model !== this.model || this.built) return; // meanwhile another was chosen
      const spare = other && learnerOf(other);
      const name = learner ? model.name : spare ? other.name : null;
      this.#build(learner ?? spare ?? newLearner(model.frame), name);
    } else if (isNew) {
      this.stop();
      this.told = { sentence: "", broken: false };
    }
    if (isNew) this.#label(shown);
    this.#refresh();
  }

  /** The label of a new drawing: the example's digit, or what the model reads. @param {number | null} shown */
  #label(shown) {
    if (!this.built) return;
    const { experiment, settings } = this.built;
    const { framing, frame } = experiment.learner;
    const drawn = frameOf(this.strokes, framing, frame);
    if (!drawn) settings.setLabel(FIRST);
    else settings.setLabel(shown ?? experiment.read(experiment.lessonOf(drawn, 0, "")));
  }

  /** No more steps by themselves. */
  stop() {
    clearInterval(this.running);
    this.running = 0;
    if (!this.built) return;
    const { run, bar } = this.built.views;
    run.textContent = "Run slowly";
    bar.classList.remove("running");
  }

  /** @param {Learner} learner @param {string | null} name */
  #build(learner, name) {
    const settings = new Settings(learner.classNames, name, this.model?.name ?? "", {
      changed: () => this.#refresh(),
      restart: () => this.#again(),
      speed: () => this.running && this.#run(),
      broken: (n) => this.#break(n),
    });
    const experiment = new Experiment(learner, settings.start);
    const loss = new LossView(learner.classNames);
    const error = new ErrorView(learner.classNames);
    const weights = new WeightsView(experiment);
    const seen = make("canvas", { class: "pixels step-seen", role: "img" });
    const caption = make("p", { class: "step-loss" });
    const run = button("Run slowly", () => (this.running ? this.stop() : this.#run()), { id: "step-run" });
    const bar = make(
      "div",
      { class: "card step-bar" },
      seen,
      caption,
      make(
        "div",
        { class: "row" },
        button("Step", () => this.#step(true), { class: "button primary", id: "step-go" }),
        run,
        button("Start again", () => this.#again(), { id: "step-again" }),
      ),
    );
    this.form.replaceChildren(settings.element);
    this.root.replaceChildren(bar, loss.element, error.element, weights.element2, weights.element1);
    this.told = { sentence: "", broken: false };
    this.built = { experiment, settings, views: { loss, error, weights, seen, caption, bar, run } };
  }

  /** The digit of the next step. @returns {Lesson} */
  #lesson() {
    if (!this.built) throw new Error("nothing is built yet");
    const { experiment, settings } = this.built;
    if (settings.isInTurn) return experiment.samples[experiment.turn];
    const { framing, frame } = experiment.learner;
    const drawn = frameOf(this.strokes, framing, frame);
    if (drawn) return experiment.lessonOf(drawn, settings.label, "the digit on the pad");
    return { ...experiment.samples[FIRST], label: settings.label };
  }

  /** @param {boolean} aloud */
  #step(aloud) {
    if (!this.built) return;
    const { experiment, settings } = this.built;
    const lesson = this.#lesson();
    const measured = experiment.step(lesson, settings.rate);
    this.told = diagnose(experiment, measured, lesson);
    if (settings.isInTurn) experiment.turn = (experiment.turn + 1) % experiment.samples.length;
    if (!Number.isFinite(measured.after.mean)) this.stop();
    if (aloud) {
      this.say(this.told.sentence);
      this.#refresh();
    }
  }

  #run() {
    if (!this.built) return;
    this.stop();
    const { settings, views } = this.built;
    views.run.textContent = "Stop";
    views.bar.classList.add("running");
    this.running = setInterval(() => {
      this.#step(false);
      this.#refresh();
    }, 1000 / settings.speed);
  }

  #again() {
    if (!this.built) return;
    this.stop();
    this.built.experiment.begin(this.built.settings.start);
    this.told = { sentence: "", broken: false };
    this.say("Started again.");
    this.#refresh();
  }

  /** Settings that break it, and so many steps at once. @param {number} n */
  #break(n) {
    this.#again();
    for (let k = 0; k < n; k++) this.#step(k === n - 1);
  }

  #refresh() {
    if (!this.built) return;
    const { experiment, settings, views } = this.built;
    const lesson = this.#lesson();
    const backward = experiment.look(lesson);
    const now = experiment.measure(lesson);
    const name = experiment.learner.classNames[lesson.label];
    const n = Math.max(0, experiment.history.length - 1);
    paintFrame(views.seen, lesson.frame);
    views.seen.setAttribute("aria-label", `The digit of the next step: ${lesson.name}, labelled ${name}`);
    views.caption.replaceChildren(
      make("strong", {}, `Loss ${nats(now.loss)}`),
      ` of ${lesson.name}, labelled ${name}. ${n === 1 ? "1 step" : `${n} steps`} so far.`,
    );
    const sentence =
      this.told.sentence ||
      "No step yet. Press Step: each weight moves a little against its gradient, and the loss falls.";
    views.loss.show(experiment.history, now, sentence, this.told.broken);
    views.error.show(lesson, backward);
    views.weights.show({ experiment, lesson, backward, rate: settings.rate });
  }
}
