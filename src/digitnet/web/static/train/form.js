// Form: what a training run is to be, asked in plain words and checked before it is sent.

import { make, startNotice } from "../common/elements.js";
import { many } from "../common/words.js";

const FIELDS = [
  {
    name: "hidden",
    words: "Hidden neurons",
    value: "64",
    plain: true,
    hint: "16 are quick, 64 a good start, 256 slower. Two layers: 128, 64.",
    read: (text) =>
      text
        .split(/[\s,;-]+/)
        .filter(Boolean)
        .map(Number),
    wrong: (sizes) =>
      (!sizes.length || sizes.length > 4 || sizes.some((n) => !Number.isInteger(n) || n < 1 || n > 2000)) &&
      "One to four whole numbers from 1 to 2000, such as 64 or 128, 64.",
  },
  {
    name: "activation",
    words: "Activation",
    value: "sigmoid",
    plain: true,
    choices: { sigmoid: "sigmoid", tanh: "tanh", relu: "ReLU" },
    hint: "A neuron's answer: sigmoid 0 to 1, tanh −1 to 1, ReLU from 0 up (rate 0.1).",
  },
  {
    name: "learning_rate",
    words: "Learning rate",
    value: "1",
    plain: true,
    mode: "decimal",
    hint: "How far each step goes. Too small is slow; too large never settles.",
    read: (text) => Number(text.replace(",", ".")),
    wrong: (rate) => !(rate > 0 && rate <= 10) && "A number above 0, at most 10, such as 1 or 0.1.",
  },
  {
    name: "batch_size",
    words: "Batch size",
    value: "32",
    plain: true,
    mode: "numeric",
    hint: "Digits looked at before each step. Small batches take more steps.",
    read: Number,
    wrong: (n) =>
      !(Number.isInteger(n) && n >= 1 && n <= 10000) && "A whole number from 1 to 10000, such as 32.",
  },
  {
    name: "epochs",
    words: "Epochs",
    value: "20",
    plain: true,
    mode: "numeric",
    hint: "How often it sees every digit. 5 are a first look.",
    read: Number,
    wrong: (n) =>
      !(Number.isInteger(n) && n >= 1 && n <= 1000) && "A whole number from 1 to 1000, such as 20.",
  },
  {
    name: "name",
    words: "Name",
    value: "my-model",
    hint: "Under which the model is kept.",
    read: (text) => text.trim(),
    wrong: (name) =>
      !/^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$/.test(name) &&
      "Letters, digits, - and _, beginning with a letter or digit; at most 40.",
  },
];
const DRAWN = ["synthetic", "mnist"];

// `begin(values)` hears of checked values; `model()` tells which one is in use.
export function startForm({ begin, model }) {
  const source = make("select", { id: "train-source" });
  const start = make("select", { id: "train-start" });
  const fields = FIELDS.map(newField);
  const go = make("button", { type: "submit", class: "button primary", id: "train-go" }, "Start training");
  const notice = startNotice();
  const sourceField = row("train-source", "Digits to learn from", source, "");
  const startField = row(
    "train-start",
    "Start from",
    start,
    "A model that reads digits already learns yours with few pictures.",
  );
  const element = make(
    "form",
    { class: "card stack train-form", novalidate: true, "aria-label": "A new training run" },
    make("h2", {}, "Train a network"),
    sourceField,
    startField,
    make("div", { class: "fields" }, ...fields.map((field) => field.element)),
    notice.element,
    make("div", { class: "row" }, go),
  );

  function settle() {
    const count = source.selectedOptions[0]?.dataset.count ?? "";
    const use =
      source.value === "corrections"
        ? "Others are learnt beside them, so that nothing is forgotten."
        : "Nine in ten are learnt from, the tenth is kept back to check.";
    sourceField.lastChild.textContent = count + use;
    const own = !DRAWN.includes(source.value) && start.options.length > 1;
    startField.hidden = !own;
    const adapts = own && start.value !== "";
    for (const field of fields) field.element.hidden = adapts && Boolean(field.plain);
  }

  settle();
  source.addEventListener("change", () => {
    if (DRAWN.includes(source.value)) start.value = "";
    if (source.value === "corrections") start.value ||= model(); // what it read wrong, it shall learn
    settle();
  });
  start.addEventListener("change", settle);

  element.addEventListener("submit", (event) => {
    event.preventDefault();
    notice.tell("");
    const values = { source: source.value };
    if (!startField.hidden && start.value) values.start = start.value;
    const shown = fields.filter((field) => !field.element.hidden);
    const bad = shown.filter((field) => !field.check());
    if (bad.length) {
      bad[0].input.focus();
      return;
    }
    for (const field of shown) values[field.name] = field.value();
    begin(values);
  });

  return {
    element,
    complain: (sentence) => notice.tell(sentence, "error"),
    busy(is) {
      go.disabled = is;
    },
    // What there is to learn from, and the models to start from; a choice that is there stays.
    offer(sources, models, wanted) {
      const chosen = wanted?.source ?? source.value;
      source.replaceChildren(
        ...sources.map(({ name, title, digits }) => {
          const option = new Option(title, name);
          option.dataset.count = digits ? `${many(digits, "digit")}. ` : "";
          return option;
        }),
      );
      if (sources.some(({ name }) => name === chosen)) source.value = chosen;
      const from = wanted?.start ?? start.value;
      const blank = new Option("nothing: random weights", "");
      start.replaceChildren(blank, ...models.map(({ name }) => new Option(`the model ${name}`, name)));
      if (models.some(({ name }) => name === from)) start.value = from;
      settle();
    },
  };
}

function row(id, words, input, hint, error = null) {
  const hintId = `${id}-hint`;
  input.setAttribute("aria-describedby", error ? `${hintId} ${id}-error` : hintId);
  return make(
    "div",
    { class: "field" },
    make("label", { for: id }, words),
    input,
    error,
    make("span", { class: "hint", id: hintId }, hint),
  );
}

function newField({ name, words, value, hint, plain, mode, choices, read, wrong }) {
  const id = `train-${name.replace("_", "-")}`;
  const input = choices
    ? make("select", { id }, ...Object.entries(choices).map(([key, text]) => new Option(text, key)))
    : make("input", { id, type: "text", value, inputmode: mode, autocomplete: "off", spellcheck: "false" });
  const error = make("span", { class: "mistake", id: `${id}-error`, "aria-live": "polite" });
  const values = () => (read ? read(input.value) : input.value);

  function check() {
    const sentence = wrong?.(values()) || "";
    error.textContent = sentence;
    if (sentence) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
    return !sentence;
  }

  // Checked on sending, and then while it is mended: a complaint that comes as the field is left
  // would move the button away from under the pointer.
  input.addEventListener("input", () => input.hasAttribute("aria-invalid") && check());
  return { name, plain, input, element: row(id, words, input, hint, error), value: values, check };
}
