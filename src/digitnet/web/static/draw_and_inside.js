// Draw, Inside and One step: drawing, answer, the look inside and learning, tied together. Needs no
// server, only a model.

import { byId } from "./common/elements.js";
import { RiskMenu } from "./common/risk_menu.js";
import { AnswerView } from "./draw/answer.js";
import { Pad } from "./draw/pad.js";
import { SampleView } from "./draw/sample_view.js";
import { Inside } from "./inside/inside.js";
import { frameOf } from "./network/framing.js";
import { answerOf, forward } from "./network/network.js";
import { OneStep } from "./step/step.js";
import { Teach } from "./teach/teach.js";

export class DrawAndInside {
  padElement = byId("pad", HTMLElement);
  /** @type {Model | null} the one that answers; it may have been taught */
  model = null;
  part = "draw";
  waiting = 0;
  /** @type {number | null} the risk that the model was asked for before it was taught */
  chosenRisk = null;
  updates = 0; // how often there was something new to look at

  /**
   * @param {(text: string) => void} say
   * @param {() => Promise<Model | null>} spare a model for One step where the one in use is too deep
   */
  constructor(say, spare = async () => null) {
    this.inside = new Inside(byId("layers", HTMLElement), spare);
    const [views, settings] = [byId("step-views", HTMLElement), byId("step-settings", HTMLElement)];
    this.oneStep = new OneStep(views, settings, say, spare);
    this.answer = new AnswerView(say);
    this.riskMenu = new RiskMenu(() => this.#update(true));
    this.teach = new Teach(byId("teach", HTMLElement), {
      strokes: () => this.pad.strokes,
      risk: () => this.#riskBefore,
      learnt: (model) => this.#answerWith(model),
      named: () => this.pad.finish(),
      say,
    });
    this.pad = new Pad(
      (lifted) => this.#changed(lifted),
      say,
      (digit) => this.teach.name(digit),
    );
    this.samples = new SampleView(
      () => this.pad.clear(),
      () => this.#update(true),
      say,
    );
    welcome(byId("welcome", HTMLElement));
  }

  /** Use another model from now on, for what is drawn already too. @param {Model} model */
  use(model) {
    this.#answerWith(model);
    this.teach.use(model);
  }

  /** @param {Model} model */
  #answerWith(model) {
    const wasTaught = this.model?.taught !== undefined;
    if (model.taught && !wasTaught) this.chosenRisk = this.riskMenu.risk;
    this.model = model;
    this.riskMenu.use(model);
    if (wasTaught && !model.taught) this.riskMenu.choose(this.chosenRisk);
    this.answer.use(model);
    this.inside.use(model);
    this.oneStep.use(model);
    this.samples.use(model);
    this.#update(true);
  }

  /** The pad lies in the part that is open: there is one drawing for both. @param {string} part */
  show(part) {
    this.part = part;
    if (part !== "step") this.oneStep.stop();
    const place = document.getElementById(`pad-in-${part}`);
    if (place && this.padElement.parentElement !== place) place.append(this.padElement);
    if (place) this.#update(true);
  }

  /** While the pen moves, one answer per frame of the screen; when it is lifted, at once. @param {boolean} lifted */
  #changed(lifted) {
    this.samples.hide();
    if (lifted) {
      cancelAnimationFrame(this.waiting);
      this.#update(true);
    } else {
      this.waiting ||= requestAnimationFrame(() => this.#update(false));
    }
  }

  /** @param {boolean} rests the pen is not on the paper */
  #update(rests) {
    this.waiting = 0;
    const { model } = this;
    if (!model) return;
    const { strokes } = this.pad;
    const frame = this.samples.frame ?? frameOf(strokes, model.framing, model.frame);
    const pass = frame && forward(model, frame);
    const answer = pass && answerOf(model, pass.logits, frame, this.riskMenu.risk);
    const isDrawn = strokes.length > 0;
    this.teach.allow(isDrawn && frame !== null);
    this.answer.show(model, frame, answer, isDrawn || frame !== null, this.#before(model, pass, frame));
    const mine = ++this.updates;
    if (this.part === "step" && rests) this.oneStep.show(strokes, this.pad.shown);
    if (this.part !== "inside") return;
    // The answer is painted first: leaving out a neuron of each layer takes a frame or two.
    const look = () => mine === this.updates && this.inside.show(frame, pass, answer, rests);
    if (rests) requestAnimationFrame(() => setTimeout(look));
    else look();
  }

  /** How many answers may be wrong of the model before it was taught. */
  get #riskBefore() {
    return this.model?.taught ? this.chosenRisk : this.riskMenu.risk;
  }

  /** What the model would say that was not taught. @param {Model} model @param {Pass | null} pass @param {Uint8Array | null} frame */
  #before(model, pass, frame) {
    const { pupil } = this.teach;
    if (!model.taught || !pupil || !pass || !frame) return null;
    return answerOf(pupil.model, pupil.logitsBefore(pass), frame, this.#riskBefore);
  }
}

const MET = "digitnet-met";

/** On a first visit, say what this is, until it is left. @param {HTMLElement} sentence */
function welcome(sentence) {
  try {
    sentence.hidden = localStorage.getItem(MET) !== null;
    localStorage.setItem(MET, "yes");
  } catch {
    sentence.hidden = false; // a browser that keeps nothing is told each time
  }
}
