// Run view: a run as it is seen: words, curves, weights, confusion matrix, mistakes.

/** @import { Runs } from "./runs.js" */
import { make, Notice } from "../common/elements.js";
import { Curves } from "./curves.js";
import { Preview } from "./preview.js";
import { RunActions } from "./run_actions.js";
import { ConfusionTable, MistakeList, WeightPictures } from "./run_pictures.js";
import { RunMenu } from "./run_menu.js";
import { endWords, headingOf, preparingWords, runningWords } from "./run_words.js";

const NO_RUN = "No run yet";
const INVITATION =
  "Choose what to learn from and start: you will see the loss fall, the weights take shape, and the mistakes get fewer.";
const GONE = "The server does not answer at the moment. This page keeps trying; a run goes on without it.";
const NONE_KEPT_BACK =
  "There are so few digits that all of them are learnt from; none was kept back to check.";

export class RunView {
  heading = make("h2", { tabindex: -1 }, NO_RUN);
  status = make("p", { class: "status" }, INVITATION);
  progress = new Progress();
  understood = new Understood();
  gone = make("p", { class: "notice warn", hidden: true }, GONE);
  notice = new Notice();
  curves = new Curves();
  pictures = new Pictures();
  preview = new Preview();
  menu = new RunMenu();
  graphs = make("div", { class: "card stack tight", hidden: true }, this.menu.element, this.curves.element);

  /** @param {Context} context @param {{ stop(): void, goOn(): void }} heard */
  constructor(context, heard) {
    this.actions = new RunActions(context, heard, this.heading);
    this.head = make(
      "div",
      { class: "card stack tight" },
      this.heading,
      this.status,
      this.progress.element,
      this.understood.element,
      this.gone,
      this.notice.element,
      this.actions.element,
    );
    this.element = make(
      "div",
      { class: "run stack" },
      this.head,
      this.preview.element,
      this.graphs,
      this.pictures.element,
    );
  }

  /** @param {Runs} runs @param {RunState} state */
  show(runs, { running, preparing, resumable }) {
    const run = runs.present;
    const ready = run !== null && !preparing;
    const last = run || running ? null : runs.kept.present;
    const shown = ready ? run : last?.epochs.length ? last : null;
    this.preview.element.hidden = running || run !== null;
    this.menu.show(runs, shown, () => this.show(runs, { running, preparing, resumable }));
    this.progress.element.hidden = !running;
    this.understood.element.hidden = !ready;
    this.graphs.hidden = !shown;
    if (shown) this.curves.show(shown, runs.compared);
    this.pictures.element.hidden = !ready || !run.picture;
    if (running && !ready) {
      this.heading.textContent = "Getting ready";
      this.status.textContent = preparingWords(preparing);
      const { done = 0, total } = preparing ?? {};
      this.progress.show(total ? done / total : 0);
    } else if (run) {
      this.heading.textContent = headingOf(run, running);
      this.status.textContent = running ? runningWords(run, runs.secondsLeft()) : endWords(run.end);
      this.progress.show(runs.share());
      this.understood.show(run.digits);
      if (run.picture) this.pictures.show(run.picture);
    } else {
      this.heading.textContent = NO_RUN;
      this.status.textContent = shown ? `${INVITATION} Below is the last one, ${shown.name}.` : INVITATION;
    }
    this.actions.offer(run, { ready, running, resumable });
  }

  /** Bring the run into sight, where it is not, and tell screen readers where it is. */
  focus() {
    const { top, bottom } = this.heading.getBoundingClientRect();
    if (top < 0 || bottom > innerHeight) this.head.scrollIntoView({ block: "start" });
    this.heading.focus({ preventScroll: true });
  }

  /** @param {boolean} is whether the connection is lost */
  lost(is) {
    this.gone.hidden = !is;
  }

  /** @param {string} sentence */
  complain(sentence) {
    this.notice.tell(sentence, "error");
  }
}

/** How far the run is. */
class Progress {
  fill = make("div", { class: "fill" });
  element = make(
    "div",
    {
      class: "progress",
      role: "progressbar",
      "aria-label": "How far the run is",
      "aria-valuemin": 0,
      "aria-valuemax": 100,
      hidden: true,
    },
    this.fill,
  );

  /** @param {number} share */
  show(share) {
    this.fill.style.width = `${100 * share}%`;
    this.element.setAttribute("aria-valuenow", `${Math.round(100 * share)}`);
  }
}

/** What was understood of the digits that are learnt from; open where there is more than a count. */
class Understood {
  sentence = make("summary");
  others = make("ul");
  element = make("details", { class: "understood", hidden: true }, this.sentence, this.others);
  /** @type {Digits | null} */
  shown = null;

  /** @param {Digits} digits */
  show(digits) {
    if (digits === this.shown) return; // whoever closed it finds it closed
    this.shown = digits;
    const [first = "", ...others] = digits.sentences;
    this.sentence.textContent = first;
    this.others.replaceChildren(...others.map((words) => make("li", {}, words)));
    this.element.open = digits.notes.length + digits.skipped.length > 0;
  }
}

/** What the network looks like after its best epoch. */
class Pictures {
  weights = new WeightPictures();
  confusion = new ConfusionTable();
  mistakes = new MistakeList();
  weightsCard = card("What the neurons look for", this.weights.element);
  confusionCard = card("What was read as what", scrolled("Confusion matrix", this.confusion.element));
  mistakesCard = card("Mistakes", this.mistakes.element, "wide");
  noneCard = card("No mistakes to show", make("p", { class: "hint" }, NONE_KEPT_BACK));
  element = make(
    "div",
    { class: "run-pictures", hidden: true },
    this.weightsCard,
    this.confusionCard,
    this.mistakesCard,
    this.noneCard,
  );
  /** @type {RunPicture | null} */
  shown = null;

  /** @param {RunPicture} picture */
  show(picture) {
    if (picture === this.shown) return;
    this.shown = picture;
    this.weights.show(picture);
    if (picture.confusion) this.confusion.show(picture.confusion);
    this.mistakes.show(picture.mistakes);
    this.weightsCard.hidden = !picture.weights;
    this.confusionCard.hidden = !picture.confusion;
    this.mistakesCard.hidden = !picture.confusion;
    this.noneCard.hidden = Boolean(picture.confusion);
  }
}

/** @param {string} title @param {HTMLElement} content @param {string} width */
function card(title, content, width = "") {
  return make("section", { class: `card ${width}` }, make("h3", {}, title), content);
}

/** @param {string} name @param {HTMLElement} content */
function scrolled(name, content) {
  const scroll = { class: "table-scroll", tabindex: 0, role: "region", "aria-label": name };
  return make("div", scroll, content);
}
