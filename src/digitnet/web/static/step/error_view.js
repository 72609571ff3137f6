// Error view: where the error begins: what the network says of each digit, against the label.

import { make } from "../common/elements.js";
import { short, signed } from "../common/words.js";
import { figure } from "./figures.js";

export class ErrorView {
  sentence = make("p", {});

  /** @param {string[]} classNames */
  constructor(classNames) {
    this.classNames = classNames;
    this.rows = classNames.map(newRow);
    const number = { scope: "col", class: "number" };
    const head = make(
      "tr",
      {},
      make("th", { scope: "col" }, "Digit"),
      make("th", number, "Likely"),
      make("th", number, "Label"),
      make("th", number, "dZ2"),
      make("th", { scope: "col" }, make("span", { class: "visually-hidden" }, "dZ2 as a bar")),
    );
    const body = make("tbody", {}, ...this.rows.map(({ row }) => row));
    this.element = make(
      "section",
      { class: "card stage" },
      make("h2", {}, "The error begins: dZ2 = A2 − Y"),
      this.sentence,
      make("table", { class: "table sums" }, make("thead", {}, head), body),
      make(
        "details",
        {},
        make("summary", {}, "The formula"),
        make(
          "p",
          { class: "formula" },
          "Z2 = A1 W2 + b2,   A2 = softmax(Z2),   loss = −log A2[label],   dL/dlogits = dZ2 = A2 − Y,   db2 = dZ2",
        ),
      ),
    );
  }

  /** @param {Lesson} lesson @param {Backward} backward */
  show({ label }, { loss, probabilities, errors }) {
    const dZ2 = errors[errors.length - 1];
    const name = this.classNames[label];
    this.sentence.textContent = `A2 is how likely the network says each digit is, Y is 1 for ${name} and 0 for the others. The loss is −log ${figure(probabilities[label])} = ${figure(loss)}. Where dZ2 is above 0 the network says too much, where it is below 0 too little.`;
    this.rows.forEach(({ row, likely, wanted, error, fill }, k) => {
      likely.textContent = short(probabilities[k]);
      wanted.textContent = k === label ? "1" : "0";
      error.textContent = signed(dZ2[k]);
      fill.style.transform = `scaleX(${dZ2[k]})`;
      fill.classList.toggle("against", dZ2[k] < 0);
      row.classList.toggle("first", k === label);
    });
  }
}

/** @param {string} name */
function newRow(name) {
  const [likely, wanted, error] = ["", "", ""].map(() => make("td", { class: "number" }));
  const fill = make("span", { class: "adds-fill" });
  const bar = make("td", { class: "sum-bar" }, make("span", { class: "adds-track" }, fill));
  const row = make("tr", {}, make("th", { scope: "row" }, name), likely, wanted, error, bar);
  return { row, likely, wanted, error, fill };
}
