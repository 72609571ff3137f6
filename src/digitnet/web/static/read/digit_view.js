// Digit view: one digit of a picture looked at: what it was read as, how it was framed, what it is.

import { pngUrl } from "../common/base64.js";
import { button, make, Notice } from "../common/elements.js";
import { sentenceOf } from "../common/server.js";
import { capital } from "../common/words.js";
import { readingOf } from "./reading_words.js";

const SHOW_STAGES = "Show how it was framed";

export class DigitView {
  title = make("h3", {}, "");
  frame = make("img", { class: "pixels", alt: "The digit as the network sees it" });
  words = make("p", { class: "digit-words" });
  notice = new Notice();
  list = make("ol", { class: "stages", hidden: true });
  open = false;
  /** @type {string | null} the frame that is shown */
  shown = null;

  /**
   * @param {{ correct(label: number): void, takeBack(): void, stages(): Promise<FramingStage[]> }} heard
   *   `correct` hears of the right digit, `takeBack` that it was none; `stages` gives the framing's
   */
  constructor(heard) {
    this.heard = heard;
    this.keys = [..."0123456789"].map((name) =>
      button(name, () => heard.correct(Number(name)), { "aria-pressed": "false" }),
    );
    this.back = button("Take the correction back", heard.takeBack, { hidden: true });
    this.more = button(SHOW_STAGES, () => this.#showStages(), { "aria-expanded": "false" });
    const keys = { class: "keys-of-digits", role: "group", "aria-label": "It is really a" };
    const hint = "Is it another? Type the right digit, or press it here. Its picture is kept to learn from.";
    this.element = make(
      "section",
      { class: "card digit-view stack tight", hidden: true, "aria-label": "The chosen digit" },
      make("div", { class: "digit-head" }, this.frame, make("div", {}, this.title, this.words)),
      make("div", keys, ...this.keys),
      make("p", { class: "hint" }, hint),
      this.notice.element,
      make("div", { class: "row" }, this.back, this.more),
      this.list,
    );
  }

  /** @param {Digit} digit @param {string} name */
  show(digit, name) {
    const other = digit.frame !== this.shown;
    this.shown = digit.frame;
    this.element.hidden = false;
    this.frame.src = pngUrl(digit.frame);
    this.title.textContent = capital(name);
    this.words.textContent = readingOf(digit);
    const is = digit.corrected ?? (digit.sure ? digit.label : null);
    this.keys.forEach((key, label) => {
      key.setAttribute("aria-pressed", String(label === is));
      key.classList.toggle("primary", label === is);
    });
    const lost = this.back === document.activeElement && digit.corrected === undefined;
    this.back.hidden = digit.corrected === undefined;
    if (lost) this.keys[digit.label].focus();
    if (other) {
      this.notice.tell("");
      this.#close();
    }
  }

  hide() {
    this.element.hidden = true;
    this.shown = null;
  }

  #close() {
    this.open = false;
    this.list.hidden = true;
    this.more.setAttribute("aria-expanded", "false");
    this.more.textContent = SHOW_STAGES;
  }

  async #showStages() {
    if (this.open) {
      this.#close();
      return;
    }
    const asked = this.shown;
    try {
      const stages = await this.heard.stages();
      if (asked !== this.shown) return;
      this.open = true;
      this.list.replaceChildren(...stages.map(stageItem));
      this.list.hidden = false;
      this.more.setAttribute("aria-expanded", "true");
      this.more.textContent = "Hide the stages";
    } catch (error) {
      this.notice.tell(sentenceOf(error), "error");
    }
  }
}

/** @param {FramingStage} stage @param {number} i */
function stageItem({ title, image }, i) {
  const picture = make("img", { src: pngUrl(image), alt: `Stage ${i + 1}: ${title}` });
  return make("li", {}, make("figure", {}, picture, make("figcaption", {}, `${i + 1}. ${title}`)));
}
