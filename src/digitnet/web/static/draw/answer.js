// Answer: which digit it is, how likely each one is, and the frame that was looked at.

import { byId, makeBar } from "../common/elements.js";
import { paintFrame } from "../common/paint.js";
import { percent, short } from "../common/words.js";

const PAUSE = 700; // milliseconds without a change before the answer is said aloud

/** The answer beside the pad, and its sentence in Inside; `say` says it aloud. */
export class AnswerView {
  digit = byId("digit", HTMLElement);
  verdict = byId("verdict", HTMLElement);
  insideVerdict = byId("inside-verdict", HTMLElement);
  before = byId("before", HTMLElement);
  figure = byId("seen-figure", HTMLElement);
  seen = byId("seen", HTMLCanvasElement);
  list = byId("bars", HTMLElement);
  /** @type {ReturnType<typeof makeBar>[]} */
  bars = [];
  examples = byId("examples", HTMLElement); // of digits, for a model that knows them
  speaking = 0;

  /** @param {(text: string) => void} say */
  constructor(say) {
    this.say = say;
  }

  /** One bar for each class the model knows. @param {Model} model */
  use(model) {
    this.bars = model.classNames.map((name) => makeBar("bar", name));
    this.examples.hidden = model.classNames.some((name, label) => name !== `${label}`);
    this.list.replaceChildren(...this.bars.map(({ element }) => element));
  }

  /**
   * What there is to say.
   * @param {Model} model
   * @param {Uint8Array | null} frame
   * @param {Answer | null} answer the network's, where it saw a frame
   * @param {boolean} drawn whether there is any ink
   * @param {Answer | null} before what the network said before it was taught, where it was
   */
  show(model, frame, answer, drawn, before = null) {
    const { letter, sentence } = words(model, answer, drawn);
    this.digit.textContent = letter;
    this.digit.classList.toggle("word", letter.length > 2);
    this.digit.classList.toggle("unsure", letter === "?");
    this.verdict.textContent = sentence;
    this.insideVerdict.textContent = letter && letter !== "?" ? `It reads ${letter}: ${sentence}.` : sentence;
    this.before.hidden = before === null;
    this.before.textContent = before ? `Before it was taught: ${inWords(words(model, before, true))}` : "";
    this.figure.classList.toggle("empty", !frame);
    paintFrame(this.seen, frame ?? new Uint8Array(model.frame.side ** 2));
    // A refusal has no bar beside it: how likely each digit were says nothing of what is none.
    const refused = answer !== null && !answer.sure;
    this.list.classList.toggle("refused", refused);
    this.list.classList.toggle("blank", !answer || answer.isNone);
    this.bars.forEach(({ element, fill, value }, label) => {
      const share = answer ? answer.probabilities[label] : 0;
      fill.style.transform = `scaleX(${refused ? 0 : share})`;
      value.textContent = answer && !answer.isNone ? short(share) : "";
      element.classList.toggle("first", answer?.sure === true && answer.order[0] === label);
    });
    clearTimeout(this.speaking);
    if (!drawn) return;
    const spoken = letter && letter !== "?" ? `It reads ${letter}, ${sentence}.` : sentence;
    const { side } = model.frame;
    this.speaking = setTimeout(() => {
      this.say(spoken);
      const name = `What the network sees: your drawing in ${side} by ${side} pixels. ${spoken}`;
      this.seen.setAttribute("aria-label", name);
    }, PAUSE);
  }
}

/** @param {{ letter: string, sentence: string }} words */
const inWords = ({ letter, sentence }) => (letter && letter !== "?" ? `${letter}, ${sentence}` : sentence);

/** The answer as a large letter and a few words. @param {Model} model @param {Answer | null} answer @param {boolean} drawn */
function words(model, answer, drawn) {
  if (!drawn) return { letter: "", sentence: "The answer follows your pen." };
  if (!answer) return { letter: "", sentence: "Only a dot so far." };
  const [first, second] = answer.order.map((label) => model.classNames[label]);
  if (answer.isNone) return { letter: "?", sentence: "No digit that it has learnt looks like this" };
  if (!answer.sure) return { letter: "?", sentence: `Unsure: ${first} or ${second}` };
  return { letter: first, sentence: `${percent(answer.probabilities[answer.order[0]])} likely` };
}
