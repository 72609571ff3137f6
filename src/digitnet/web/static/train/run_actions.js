// Run actions: what can be done with a run as it stands: stop it, go on, use what it made.

import { button, make } from "../common/elements.js";

/** A row of buttons. They are made anew only when there are others, so that the focus stays where it is. */
export class RunActions {
  element = make("div", { class: "row" });
  offered = "";

  /**
   * @param {Context} context
   * @param {{ stop(): void, goOn(): void }} heard
   * @param {HTMLElement} heading takes the focus of a button that goes
   */
  constructor(context, heard, heading) {
    this.context = context;
    this.heard = heard;
    this.heading = heading;
  }

  /**
   * @param {Run | null} run
   * @param {{ ready: boolean, running: boolean, resumable: Resumable | null }} state
   */
  offer(run, { ready, running, resumable }) {
    const model = running ? undefined : run?.end?.model;
    const key = JSON.stringify([running, ready, model, resumable?.name]);
    if (key === this.offered) return;
    this.offered = key;
    const { element } = this;
    const focused = document.activeElement;
    const held = element.contains(focused) ? focused?.id : "";
    element.replaceChildren();
    if (running) {
      const words = ready ? "Stop and keep the best" : "Stop";
      element.append(button(words, this.heard.stop, { id: "train-stop" }));
    }
    if (model) element.append(...this.#ofModel(model));
    if (!running && resumable) {
      const goOn = this.#goOn(resumable);
      if (resumable.name === run?.name) element.prepend(goOn);
      else element.append(goOn); // another one, from an earlier day
    }
    if (!held) return;
    const next = element.querySelector(`#${held}`) ?? element.querySelector("button");
    (next instanceof HTMLElement ? next : this.heading).focus();
  }

  /** @param {string} model */
  #ofModel(model) {
    const use = async () => {
      await this.context.refreshModels();
      await this.context.chooseModel(model);
      document.getElementById("tab-draw")?.click();
    };
    const href = `api/models/${encodeURIComponent(model)}.zip`;
    const link = { class: "button", id: "train-download", href, download: `${model}.zip` };
    return [
      button(`Draw with ${model}`, use, { id: "train-use", class: "button primary" }),
      make("a", link, "Download"),
    ];
  }

  /** @param {Resumable} resumable */
  #goOn({ name, epoch }) {
    const from = epoch ? ` from epoch ${epoch}` : "";
    return button(`Go on with ${name}${from}`, this.heard.goOn, { id: "train-resume" });
  }

  /** Stopping takes until the present step is done. @param {boolean} is */
  stopping(is) {
    const stop = this.element.querySelector("#train-stop");
    if (!is) this.offered = "";
    if (!is || !(stop instanceof HTMLButtonElement)) return;
    this.heading.focus({ preventScroll: true });
    stop.disabled = true;
    stop.textContent = "Stopping after this step";
  }
}
