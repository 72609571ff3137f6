// Read: a photo or a page is read, looked at closely, and corrected; corrections are kept.

import { button, make, Notice, whenShown } from "../common/elements.js";
import { isAbort, sentenceOf } from "../common/server.js";
import { many } from "../common/words.js";
import { Corrections } from "./corrections.js";
import { crop } from "./crop.js";
import { DigitView } from "./digit_view.js";
import { FormView, readForm, tableOf, templateAmong, toLookAt } from "./forms.js";
import { pictureInput } from "./picture_input.js";
import { PictureQueue } from "./picture_queue.js";
import { PictureView } from "./picture_view.js";
import { doubtsOf, linesOf, nameOf, promiseOf, summaryOf } from "./reading_words.js";
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
  doubts = make("div", { class: "hint", id: "read-doubts" });
  result = make(
    "section",
    { class: "card stack tight", hidden: true, "aria-label": "What was read" },
    make(
      "div",
      { class: "row spread" },
      make("h3", {}, "It says"),
      button("Copy", () => this.#copy()),
    ),
    this.text,
    this.doubts,
  );
  corrections = new Corrections(() =>
    this.context.trainWith({ source: "corrections", start: this.context.currentModel() }),
  );
  /** @type {{ file: File, page: ReadPicture, model: string } | null} what is looked at */
  now = null;
  at = -1; // which digit of it
  /** @type {ReturnType<typeof pictureInput> | null} */
  input = null;
  /** @type {File | null} the picture that came in last, read or not */
  file = null;
  url = "";
  readWith = "";
  reading = new AbortController();
  /** @type {Template | null} by which forms are read */
  template = null;
  /** @type {Map<File, { form: ReadForm, asked: string }>} the forms that were read by it */
  forms = new Map();
  formView = new FormView({
    leave: () => this.#use(null),
    download: () => this.#download(),
  });
  /** @type {WeakMap<File, { page: ReadPicture, asked: string }>} and what was corrected since */
  known = new WeakMap();

  /** @param {HTMLElement} root @param {Context} context */
  constructor(root, context) {
    this.root = root;
    this.context = context;
  }

  async start() {
    const { root } = this;
    this.input = pictureInput(root, {
      taken: (files) => this.#take(files),
      refused: (sentence) => this.notice.tell(sentence, "error"),
    });
    root.classList.add("reading-part");
    root.append(
      make(
        "div",
        { class: "stack" },
        make("h2", {}, "Read a picture"),
        this.input.element,
        this.queue.element,
        this.notice.element,
        this.pictureView.element,
      ),
      make(
        "div",
        { class: "stack beside-picture" },
        this.formView.element,
        this.result,
        this.digitView.element,
        this.corrections.element,
      ),
    );
    // After a picture is dropped or pasted, nothing of this part has the focus.
    document.addEventListener("keydown", (event) => root.hidden || this.#typed(event));
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

  /** Pictures come in, and perhaps a template to read them by. @param {File[]} files */
  async #take(files) {
    try {
      const { template, others } = await templateAmong(files);
      if (template) this.#use(template);
      if (others.length) this.queue.take(others);
      else if (!this.queue.files.length) this.notice.tell("The template is there; now choose forms.", "good");
    } catch (error) {
      this.notice.tell(sentenceOf(error), "error");
    }
  }

  /** @param {Template | null} template */
  #use(template) {
    this.template = template;
    this.forms.clear();
    this.formView.use(template);
    this.queue.again();
  }

  /** @param {File} file @param {AbortSignal} [signal] */
  async #formOf(file, signal) {
    const asked = this.#asked();
    const known = this.forms.get(file);
    if (known?.asked === asked) return known.form;
    const { template } = this;
    if (!template) throw new Error("There is no template.");
    const form = await readForm(file, template, this.context.currentModel(), signal);
    if (template === this.template) this.forms.set(file, { form, asked });
    return form;
  }

  /** @param {File} file @param {ReadForm} form */
  #showForm(file, form) {
    const page = { ...form, digits: [], lines: [], reason: null, single: false };
    this.#showPicture(file, page);
    this.result.hidden = true;
    const tell = () => {
      const look = toLookAt(form).length;
      const kind = look ? "warn" : "good";
      this.notice.tell(`${many(form.fields.length, "field")} read, ${look || "none"} to look at.`, kind);
    };
    this.formView.show(form, () => {
      this.pictureView.draw();
      tell();
    });
    tell();
    this.context.say(`${many(toLookAt(form).length, "field")} to look at.`);
  }

  /** The table of all forms that came in; those that were not looked at yet are read. */
  async #download() {
    const { files } = this.queue;
    const { template } = this;
    const rows = [];
    this.formView.download.disabled = true;
    for (const [i, file] of files.entries()) {
      this.notice.tell(`Reading ${i + 1} of ${files.length} …`);
      try {
        rows.push({ name: file.name, form: await this.#formOf(file), reason: "" });
      } catch (error) {
        rows.push({ name: file.name, form: null, reason: sentenceOf(error) });
      }
      if (template !== this.template) return;
    }
    this.formView.download.disabled = false;
    const first = rows.find(({ form }) => form)?.form;
    const table = tableOf(first?.fields.map(({ name }) => name) ?? [], rows);
    const url = URL.createObjectURL(new Blob([table], { type: "text/csv" }));
    make("a", { href: url, download: "forms.csv" }).click();
    setTimeout(() => URL.revokeObjectURL(url), 1000);
    const look = rows.reduce((n, { form }) => n + (form ? toLookAt(form).length : 0), 0);
    const refused = rows.filter(({ form }) => !form).length;
    const told = `${many(rows.length, "form")} in forms.csv: ${many(look, "field")} to look at, ${refused} refused.`;
    this.notice.tell(told, look || refused ? "warn" : "good");
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
      if (this.template) {
        this.formView.clear();
        this.#showForm(file, await this.#formOf(file, signal));
        this.now = null;
        this.root.removeAttribute("aria-busy");
        return;
      }
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
  #showPicture(file, page) {
    if (this.url) URL.revokeObjectURL(this.url);
    this.url = URL.createObjectURL(file);
    this.at = -1;
    this.digitView.hide();
    this.input?.shrink();
    this.pictureView.show(page, this.url);
  }

  /** @param {File} file @param {ReadPicture} page */
  #show(file, page) {
    this.#showPicture(file, page);
    this.result.hidden = !page.digits.length;
    this.#showLines(page);
    const { found, advice, kind } = summaryOf(page);
    this.notice.tell(found + advice + promiseOf(page), kind);
    this.context.say(`${found} ${page.lines.join("; ")}`);
    if (page.digits.length === 1) this.pictureView.choose(0, false);
  }

  /** @param {ReadPicture} page */
  #showLines(page) {
    this.text.replaceChildren(...linesOf(page).map((line) => make("p", {}, line)));
    this.doubts.replaceChildren(...doubtsOf(page).map((doubt) => make("p", {}, doubt)));
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
