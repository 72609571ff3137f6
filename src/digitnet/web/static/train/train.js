// Train: a run is started, watched as it learns, stopped, gone on with, and kept as a model.

import { whenShown } from "../common/elements.js";
import { ask, askWithJson, sentenceOf } from "../common/server.js";
import { sentence } from "../common/words.js";
import { follow } from "./event_stream.js";
import { startForm } from "./form.js";
import { RunView } from "./run_view.js";
import { endWords, epochWords } from "./run_words.js";
import { Runs } from "./runs.js";

const QUIET = 10_000; // milliseconds between two epochs that are said aloud

/** @param {HTMLElement} root @param {Context} context */
export async function mount(root, context) {
  const { fields } = await ask("api/train/form");
  await new TrainPart(root, context, fields).start();
}

class TrainPart {
  runs = new Runs();
  running = false;
  /** @type {Preparing | null} how far the data is read, until the run starts */
  preparing = null;
  /** @type {Resumable | null} */
  resumable = null;
  newestBefore = ""; // the newest event when the page came: what is older is not said aloud
  lastSaid = 0;
  waiting = 0;
  /** @type {string | null} the run that the stream told of last */
  begun = null;

  /** @param {HTMLElement} root @param {Context} context @param {FormField[]} fields */
  constructor(root, context, fields) {
    this.root = root;
    this.context = context;
    this.form = startForm({
      told: fields,
      begin: (values) => this.#begin(values),
      model: context.currentModel,
      changed: () => this.view?.preview.show(this.form.planned()),
    });
    this.view = new RunView(context, { stop: () => this.#stop(), goOn: () => this.#goOn() });
  }

  async start() {
    const { root, form, view } = this;
    root.classList.add("training");
    root.append(form.element, view.element);
    whenShown(root, () => {
      this.#offer();
      this.#draw();
    });
    await Promise.all([this.#offer(), this.#look()]);
    follow("api/train/events", {
      heard: (kind, data, id) => this.#heard(kind, data, id),
      lost: () => view.lost(true),
      found: () => this.#found(),
    });
    setInterval(() => this.running && this.#draw(), 1000);
  }

  async #offer() {
    try {
      const [{ sources }, { models }] = await Promise.all([ask("api/sources"), ask("api/models")]);
      this.form.offer(sources, models, this.context.takeChoice());
      this.view.preview.show(this.form.planned());
    } catch (error) {
      this.form.complain(sentenceOf(error));
    }
  }

  /** How things stand; what happened in the run is told by the stream, from its first epoch on. */
  async #look() {
    try {
      const told = await ask("api/train");
      this.running = told.state === "running";
      this.resumable = told.resumable ?? null;
      this.preparing = this.running && !told.start ? (told.preparing ?? {}) : null;
      this.newestBefore = told.last_event_id ?? "";
    } catch (error) {
      this.view.complain(sentenceOf(error));
    }
    this.#draw();
  }

  /** The connection is back. A server that was started anew knows of no run, and tells none. */
  async #found() {
    this.view.lost(false);
    const told = await ask("api/train").catch(() => null);
    if (told && !told.start && told.state !== "running") {
      this.running = false;
      this.preparing = null;
      this.resumable = told.resumable ?? null;
      this.runs.forget();
    }
    this.#draw();
  }

  /** @param {Record<string, unknown>} values */
  async #begin(values) {
    this.form.complain("");
    if (await this.#post(values, this.form)) this.context.say("The training has begun.");
  }

  async #goOn() {
    if (!this.resumable) return;
    await this.#post({ name: this.resumable.name, resume: true }, this.view);
  }

  /**
   * Whether the server has begun; what it says where it has not is shown by `place`.
   * @param {Record<string, unknown>} values
   * @param {{ complain(sentence: string): void }} place
   */
  async #post(values, place) {
    this.form.busy(true);
    this.view.complain("");
    try {
      const { run } = await askWithJson("api/train", "POST", values);
      if (this.begun !== run) {
        this.running = true; // else the stream was quicker, and knows more
        this.preparing = {};
      }
    } catch (error) {
      place.complain(sentenceOf(error));
      this.#draw();
      return false;
    }
    this.#draw();
    this.view.focus();
    return true;
  }

  async #stop() {
    this.view.actions.stopping(true);
    try {
      await ask("api/train", { method: "DELETE" });
    } catch (error) {
      this.view.actions.stopping(false);
      this.view.complain(sentenceOf(error));
      this.#draw();
    }
  }

  /** @param {string} kind @param {any} data @param {string} id */
  #heard(kind, data, id) {
    const old = isOld(id, this.newestBefore);
    this.begun = runOf(id);
    if (kind === "preparing" || kind === "start") {
      this.running = true;
      this.preparing = kind === "preparing" ? data : null;
    }
    if (kind === "start") this.runs.start(data);
    if (kind === "step") this.runs.step(data);
    if (kind === "epoch") this.runs.epoch(data);
    if (kind === "picture") this.runs.picture(data);
    if (kind === "end") this.#ended(data, old);
    if (kind === "epoch" && !old && Date.now() - this.lastSaid > QUIET) this.#say(epochWords(data));
    this.waiting ||= requestAnimationFrame(() => {
      this.waiting = 0;
      this.#draw();
    });
  }

  /** @param {End} end @param {boolean} old */
  async #ended(end, old) {
    const started = this.runs.present?.id === this.begun;
    this.running = false;
    this.preparing = null;
    if (started) this.runs.end(end);
    else if (end.state === "failed" && end.reason)
      this.view.complain(end.reason); // may begin with a file's name
    else this.view.complain(sentence(end.reason ?? "the run ended before it began"));
    if (!old) {
      if (started) this.#say(endWords(end));
      this.context.refreshModels();
    }
    const told = await ask("api/train").catch(() => null);
    if (!this.running) this.resumable = told?.resumable ?? null;
    this.#draw();
  }

  /** @param {string} words */
  #say(words) {
    this.lastSaid = Date.now();
    this.context.say(words);
  }

  #draw() {
    const { runs, running, preparing, resumable } = this;
    this.form.busy(running);
    if (!this.root.hidden) this.view.show(runs, { running, preparing, resumable });
  }
}

/** Whether an event was there when `newest` was the newest; ids are RUN-NUMBER. @param {string} id @param {string} newest */
function isOld(id, newest) {
  const numberOf = (/** @type {string} */ one) => Number(one.slice(one.lastIndexOf("-") + 1));
  return runOf(id) === runOf(newest) && numberOf(id) <= numberOf(newest);
}

/** @param {string} id */
const runOf = (id) => id.slice(0, Math.max(0, id.lastIndexOf("-")));
