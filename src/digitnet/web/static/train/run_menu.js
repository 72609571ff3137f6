// Run menu: which earlier run the one that is shown is compared with.

/** @import { Runs } from "./runs.js" */
import { make } from "../common/elements.js";
import { accuracy } from "../common/words.js";

export class RunMenu {
  menu = make("select", { id: "train-compared" });
  element = make(
    "div",
    { class: "row run-menu" },
    make("label", { for: "train-compared" }, "Compare with"),
    this.menu,
  );
  offered = "";
  changed = () => {};

  constructor() {
    this.menu.addEventListener("change", () => this.changed());
  }

  /** @param {Runs} runs @param {Run | null} shown @param {() => void} again draws with the run that was chosen */
  show(runs, shown, again) {
    const others = runs.earlier.filter(({ id }) => id !== shown?.id);
    this.element.hidden = !shown || others.length === 0;
    this.changed = () => {
      runs.chosen = this.menu.value || null;
      again();
    };
    const key = others.map(({ id }) => id).join(" ");
    if (key !== this.offered) {
      this.offered = key;
      this.menu.replaceChildren(
        new Option("no other run", ""),
        ...others.map((run) => new Option(wordsOf(run), run.id)),
      );
    }
    this.menu.value = runs.compared?.id ?? "";
  }
}

/** @param {Run} run */
function wordsOf({ name, network, epochs }) {
  const shares = epochs.map((epoch) => epoch.validation_accuracy ?? 0);
  const best = Math.max(0, ...shares);
  return `${name}: ${network}${best ? `, ${accuracy(best)}` : ""}`;
}
