// Settings: what the steps learn from, from where, how far they go, and ways to break it.

import { button, make } from "../common/elements.js";

const MOST = 1000;
/** @type {Record<string, { words: string, start: string, rate: number, turn: boolean, steps: number }>} */
const BREAKS = {
  rate: { words: "Rate too high", start: "random", rate: 10, turn: true, steps: 24 },
  zero: { words: "Zero start", start: "zero", rate: 0.5, turn: true, steps: 100 },
  one: { words: "One class", start: "random", rate: 0.5, turn: false, steps: 30 },
};

export class Settings {
  labelMenu = make("select", { id: "step-label" });
  turnMenu = make(
    "select",
    { id: "step-source" },
    make("option", { value: "drawn" }, "the digit on the pad"),
    make("option", { value: "turn" }, "the ten samples in turn"),
  );
  startMenu = make("select", { id: "step-start" });
  rateField = make("input", { id: "step-rate", type: "number", min: 0, max: MOST, step: "any", value: 0.1 });
  wrong = make("p", { class: "hint", id: "step-rate-wrong", role: "alert" });
  speedMenu = make(
    "select",
    { id: "step-speed" },
    ...[1, 4, 20].map((n) => make("option", { value: n }, `${n} a second`)),
  );
  rate = 0.1;

  /**
   * @param {string[]} classNames
   * @param {string | null} name of the model that the steps begin with, if it has learnt
   * @param {string} chosen the model that the page uses
   * @param {{ changed(): void, restart(): void, speed(): void, broken(steps: number): void }} heard
   */
  constructor(classNames, name, chosen, heard) {
    this.labelMenu.append(...classNames.map((each, k) => make("option", { value: k }, each)));
    if (name) this.startMenu.append(make("option", { value: "model" }, `${name} as it is`));
    this.startMenu.append(
      make("option", { value: "random" }, "small random weights"),
      make("option", { value: "zero" }, "all weights 0"),
    );
    for (const menu of [this.labelMenu, this.turnMenu]) menu.addEventListener("change", heard.changed);
    this.turnMenu.addEventListener("change", () => this.#fit());
    this.startMenu.addEventListener("change", heard.restart);
    this.speedMenu.addEventListener("change", heard.speed);
    this.rateField.addEventListener("input", () => {
      if (this.#readRate()) heard.changed();
    });
    const breaks = Object.values(BREAKS).map(({ words, start, rate, turn, steps }) =>
      button(words, () => {
        this.startMenu.value = start;
        this.rateField.value = String(rate);
        this.turnMenu.value = turn ? "turn" : "drawn";
        this.#readRate();
        this.#fit();
        heard.broken(steps);
      }),
    );
    this.element = make(
      "div",
      { class: "step-settings" },
      field("Learn from", this.turnMenu),
      field("Label: this digit is a", this.labelMenu),
      field("Start from", this.startMenu),
      field("Learning rate", this.rateField, this.wrong),
      field("Run slowly", this.speedMenu),
      make(
        "div",
        { class: "row step-breaks", role: "group", "aria-label": "Break it" },
        make("span", {}, "Break it"),
        ...breaks,
      ),
      make("p", { class: "quiet small" }, whoLearns(name, chosen)),
    );
  }

  get isInTurn() {
    return this.turnMenu.value === "turn";
  }

  get label() {
    return Number(this.labelMenu.value);
  }

  get start() {
    return this.startMenu.value;
  }

  get speed() {
    return Number(this.speedMenu.value);
  }

  /** @param {number} label */
  setLabel(label) {
    this.labelMenu.value = String(label);
  }

  /** Samples come with their label. */
  #fit() {
    this.labelMenu.disabled = this.isInTurn;
  }

  #readRate() {
    const rate = Number(this.rateField.value);
    const isRight = this.rateField.value !== "" && rate > 0 && rate <= MOST;
    if (isRight) this.rate = rate;
    this.rateField.setAttribute("aria-invalid", String(!isRight));
    this.wrong.textContent = isRight ? "" : `A number above 0, at most ${MOST}; ${this.rate} stays in use.`;
    return isRight;
  }
}

/** @param {string | null} name @param {string} chosen */
function whoLearns(name, chosen) {
  const copy = "A copy learns, here in the page; the model itself stays as it is.";
  if (name === chosen) return copy;
  const other = name
    ? `${name}, with one hidden layer, learns instead. ${copy}`
    : "a new 784-64-10 learns instead.";
  return `${chosen} has other layers than One step shows: ${other}`;
}

/** @param {string} words @param {HTMLElement} input @param {HTMLElement | null} [below] */
function field(words, input, below = null) {
  if (below) input.setAttribute("aria-describedby", below.id);
  return make("div", { class: "field" }, make("label", { for: input.id }, words), input, below);
}
