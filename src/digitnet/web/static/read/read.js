// Read: a photo or a page is read, looked at closely, and corrected; corrections are kept.

import { button, make, Notice, whenShown } from "../common/elements.js";
import { isAbort, sentenceOf } from "../common/server.js";
import { many } from "../common/words.js";
import { Corrections } from "./corrections.js";
import { crop } from "./crop.js";
import { DigitView } from "./digit_view.js";
import { pictureInput } from "./picture_input.js";
import { PictureQueue } from "./picture_queue.js";
import { PictureView } from "./picture_view.js";
import { linesOf, nameOf, summaryOf } from "./reading_words.js";
import { framingStages, readPicture } from "./recognition.js";

/** @param {HTMLElement} root @param {Context} context */
export async function mount(root, context) {
  await new ReadPart(root, context).start();
}

class ReadPart {
  notice = new Notice();
  queue = new PictureQueue((file) => this.#read(file));
  pictureView = new PictureView((index) => this.#choose(index));
  digitView = new DigitView({
    correct: (label) => this.#correct(label),
    takeBack: () => this.#takeBack(),
    stages: () => this.#stages(),
  });
  text = make("div", { class: "lines", id: "read-lines" });
  result = make(
    "section",
    { class: "card stack tight", hidden: true, "aria-label": "What was read" },
    make(
      "div",
      { class: "row spread" },
      make("h3", {}, "It says"),
      button("Copy", () => this.#copy(), { class: "button quiet" }),
    ),
    this.text,
  );
  corrections = new Corrections(() =>
    this.context.trainWith({ source: "corrections", start: this.context.currentModel() }),
  );
  /** @type {{ file: File, page: ReadPicture, model: string } | null} what is looked at */
  now = null;
  at = -1; // which digit of it
  /** @type {File | null} the picture that came in last, read or not */
  file = null;
  url = "";
  readWith = "";
  reading = new AbortController();
  /** @type {WeakMap<File, { page: ReadPicture, asked: string }>} and what was corrected since */
  known = new WeakMap();

  /** @param {HTMLElement} root @param {Context} context */
  constructor(root, context) {
    this.root = root;
    this.context = context;
  }

  async start() {
    const { root } = this;
    const input = pictureInput(root, {
      taken: (files) => this.queue.take(files),
      refused: (sentence) => this.notice.tell(sentence, "error"),
    });
    root.classList.add("reading-part");
    root.append(
      make(
        "div",
        { class: "stack" },
        make("h2", {}, "Read a picture"),
        input,
        this.queue.element,
        this.notice.element,
        this.pictureView.element,
      ),
      make(
        "div",
        { class: "stack beside-picture" },
        this.result,
        this.digitView.element,
        this.corrections.element,
      ),
    );
    root.addEventListener("keydown", (event) => this.#typed(event));
    whenShown(root, () => this.#shown());
    const again = () => !root.hidden && this.#shown();
    this.context.onModel(again);
    this.context.onRisk(again);
    await this.#countCorrections();
  }

  /** The part comes into sight: corrections may have been used up, the model may be another. */
  #shown() {
    this.#countCorrections();
    if (this.file && this.readWith !== this.#asked()) this.#read(this.file);
  }

  /** The model that reads, and how many of its answers may be wrong. */
  #asked() {
    return `${this.context.currentModel()} ${this.context.currentRisk()}`;
  }

  async #countCorrections() {
    try {
      await this.corrections.look();
    } catch (error) {
      this.notice.tell(sentenceOf(error), "error");
    }
  }

  /** @param {File} file */
  async #read(file) {
    this.reading.abort();
    this.reading = new AbortController();
    const { signal } = this.reading;
    const model = this.context.currentModel();
    this.file = file;
    const asked = this.#asked();
    this.readWith = asked;
    this.notice.tell("Reading …");
    this.root.setAttribute("aria-busy", "true");
    try {
      const known = this.known.get(file);
      const isKnown = known?.asked === asked;
      const page = isKnown ? known.page : await readPicture(file, model, this.context.currentRisk(), signal);
      this.known.set(file, { page, asked });
      this.now = { file, page, model };
      this.#show(file, page);
    } catch (error) {
      if (isAbort(error)) return;
      this.now = null;
      this.at = -1;
      this.pictureView.hide();
      this.digitView.hide();
      this.result.hidden = true;
      this.notice.tell(sentenceOf(error), "error");
    }
    this.root.removeAttribute("aria-busy");
  }

  /** @param {File} file @param {ReadPicture} page */
  #show(file, page) {
    if (this.url) URL.revokeObjectURL(this.url);
    this.url = URL.createObjectURL(file);
    this.at = -1;
    this.digitView.hide();
    this.pictureView.show(page, this.url);
    this.result.hidden = !page.digits.length;
    this.#showLines(page);
    const { found, advice, kind } = summaryOf(page);
    this.notice.tell(found + advice, kind);
    this.context.say(`${found} ${page.lines.join("; ")}`);
    if (page.digits.length === 1) this.pictureView.choose(0, false);
  }

  /** @param {ReadPicture} page */
  #showLines(page) {
    this.text.replaceChildren(...linesOf(page).map((line) => make("p", {}, line)));
  }

  async #copy() {
    if (!this.now) return;
    try {
      await navigator.clipboard.writeText(linesOf(this.now.page).join("\n"));
      this.context.say("Copied.");
    } catch {
      this.notice.tell("The browser does not allow copying; select the text instead.", "warn");
    }
  }

  /** @param {number} index */
  #choose(index) {
    if (!this.now) return;
    this.at = index;
    this.digitView.show(this.now.page.digits[index], nameOf(this.now.page, index));
  }

  /** @param {KeyboardEvent} event */
  #typed(event) {
    const writing = event.target instanceof Element && event.target.matches("input, select");
    if (event.ctrlKey || event.metaKey || event.altKey || writing || this.at < 0) return;
    if (/^[0-9]$/.test(event.key)) {
      event.preventDefault();
      this.#correct(Number(event.key));
    } else if (event.key === "Delete" && this.now?.page.digits[this.at].corrected !== undefined) {
      event.preventDefault();
      this.#takeBack();
    }
  }

  /** @param {number} label */
  #correct(label) {
    return this.#change(`Kept as ${label}.`, async (page, index) => {
      const { image, scale } = this.pictureView.bitmap();
      const picture = await crop(image, scale, page.digits, index);
      const all = await this.corrections.keep(page.digits[index], label, picture);
      return `Kept as ${label}. ${many(all, "correction")} so far.`;
    });
  }

  #takeBack() {
    return this.#change("Taken back: its picture is no longer kept.", async (page, index) => {
      const all = await this.corrections.takeBack(page.digits[index]);
      return `Taken back. ${many(all, "correction")} left.`;
    });
  }

  /**
   * Change a digit's correction: wherever the digit is still seen, that is shown, and said.
   * @param {string} shown
   * @param {(page: ReadPicture, index: number) => Promise<string>} change gives what is said aloud
   */
  async #change(shown, change) {
    const { now, at } = this;
    if (!now) return;
    try {
      this.context.say(await change(now.page, at));
    } catch (error) {
      this.digitView.notice.tell(sentenceOf(error), "error");
      return;
    }
    if (now.page !== this.now?.page) return;
    this.pictureView.draw();
    this.#showLines(now.page);
    if (at !== this.at) return;
    this.#choose(at);
    this.digitView.notice.tell(shown, "good");
  }

  /** @returns {Promise<FramingStage[]>} */
  async #stages() {
    if (!this.now) return [];
    const { file, page } = this.now;
    const { image, scale } = this.pictureView.bitmap();
    const picture = page.single ? file : await crop(image, scale, page.digits, this.at);
    return framingStages(picture, this.context.currentModel());
  }
}
