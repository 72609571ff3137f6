// Sample view: a photo or a page to try, on the pad: what stands there, and each digit to look at.

import { button, byId, make } from "../common/elements.js";
import { contextOf, indexOfMost } from "../common/paint.js";
import { many } from "../common/words.js";
import { forward } from "../network/network.js";
import { FRAMES, SAMPLES, SIDE } from "./sample_pictures.js";

export class SampleView {
  list = byId("samples", HTMLElement);
  place = byId("sample", HTMLElement);
  /** @type {Model | null} */
  model = null;
  /** @type {{ sample: SamplePicture, frames: Uint8Array[], index: number } | null} what is on the pad */
  shown = null;

  /** @param {() => void} empty clears the pad @param {() => void} changed @param {(text: string) => void} say */
  constructor(empty, changed, say) {
    this.empty = empty;
    this.changed = changed;
    this.say = say;
    this.list.append(make("span", { class: "quiet", "aria-hidden": "true" }, "or read"));
    SAMPLES.forEach((sample, k) => {
      const picture = make("img", { src: sample.picture, alt: "", width: 44, height: 44 });
      const attributes = { class: "sample", id: `sample-${k}`, "aria-label": `Read ${nameOf(sample)}` };
      const element = button("", () => this.#choose(sample), attributes);
      element.append(picture, make("span", { "aria-hidden": "true" }, sample.name));
      this.list.append(element);
    });
  }

  /** The frame that is looked at, where a sample is. */
  get frame() {
    return this.shown ? this.shown.frames[this.shown.index] : null;
  }

  /** Samples are framed as MNIST's digits are, and are digits. @param {Model} model */
  use(model) {
    this.model = model;
    const fits = model.framing === "mnist" && model.classNames.every((name, label) => name === `${label}`);
    this.list.hidden = !fits;
    if (fits && this.shown) this.#build();
    else this.hide();
  }

  hide() {
    this.shown = null;
    this.place.hidden = true;
    this.place.replaceChildren();
  }

  /** @param {SamplePicture} sample */
  async #choose(sample) {
    const frames = await framesOf(sample);
    this.empty();
    this.shown = { sample, frames, index: 0 };
    this.#build();
    this.changed();
  }

  #build() {
    const { model, shown } = this;
    if (!model || !shown) return;
    const { sample, frames } = shown;
    const read = frames.map((frame) => model.classNames[indexOfMost(forward(model, frame).logits)]);
    const words = sentence(sample, read);
    const marks = frames.length > 1 ? sample.boxes.map((box, k) => this.#mark(box, k, read[k])) : [];
    const close = button("×", () => this.#close(), {
      class: "sample-close",
      "aria-label": "Back to drawing",
    });
    this.place.replaceChildren(
      make("img", { src: sample.picture, alt: `${nameOf(sample)}, handwritten` }),
      ...marks,
      close,
    );
    if (frames.length > 1) this.place.append(make("p", { class: "sample-words" }, words));
    this.place.classList.toggle("page", frames.length > 1); // its digits are pointed at, not drawn over
    this.place.hidden = false;
    this.say(words);
  }

  #close() {
    this.hide();
    this.changed();
    byId("paper", HTMLElement).focus();
  }

  /** A digit of a page. @param {number[]} box @param {number} k @param {string} read */
  #mark([left, top, right, bottom], k, read) {
    const look = () => {
      if (!this.shown || this.shown.index === k) return;
      this.shown.index = k;
      this.changed();
    };
    const mark = button(read, look, {
      class: "sample-digit",
      "data-read": read,
      "aria-label": `Digit ${k + 1}, read as ${read}`,
    });
    const share = (/** @type {number} */ pixels) => `${(100 * pixels) / SIDE}%`;
    Object.assign(mark.style, {
      left: share(left),
      top: share(top),
      width: share(right - left),
      height: share(bottom - top),
    });
    mark.addEventListener("pointerenter", look);
    mark.addEventListener("focus", look);
    return mark;
  }
}

/** @param {SamplePicture} sample */
const nameOf = ({ name }) => (name === "a page" ? "a page of numbers" : `a photo of a digit, ${name}`);

/** @param {SamplePicture} sample @param {string[]} read */
function sentence({ lines }, read) {
  const rows = Array.from({ length: Math.max(...lines) + 1 }, (_, row) =>
    read.filter((_, k) => lines[k] === row).join(""),
  );
  if (read.length === 1) return `It reads ${read[0]}.`;
  return `${many(read.length, "digit")}: ${rows.join(", ")}. Point at one.`;
}

/** A sample's frames, as digitnet framed them. @param {SamplePicture} sample */
async function framesOf(sample) {
  const strip = new Image();
  strip.src = FRAMES;
  await strip.decode();
  const side = strip.width;
  const first = SAMPLES.slice(0, SAMPLES.indexOf(sample)).reduce((sum, { boxes }) => sum + boxes.length, 0);
  const canvas = make("canvas", { width: side, height: strip.height });
  const context = contextOf(canvas);
  context.drawImage(strip, 0, 0);
  const { data } = context.getImageData(0, 0, side, strip.height);
  const grey = Uint8Array.from({ length: data.length / 4 }, (_, at) => data[4 * at]);
  return sample.boxes.map((_, k) => grey.slice((first + k) * side ** 2, (first + k + 1) * side ** 2));
}
