// Form: what a training run is to be, asked in plain words and checked before it is sent. Words,
// limits, choices and defaults are the server's.

import { make, Notice } from "../common/elements.js";
import { many } from "../common/words.js";

const DRAWN = ["synthetic", "mnist"];

/** What was typed, as a value. @type {Record<string, (text: string) => any>} */
const READ = {
  whole: numberIn,
  number: (text) => numberIn(text.replace(",", ".")),
  list: (text) =>
    text
      .split(/[\s,;-]+/)
      .filter(Boolean)
      .map(Number),
  choice: (text) => text,
  text: (text) => text.trim(),
};

/**
 * @param {{
 *   told: FormField[], begin(values: Record<string, unknown>): void, model(): string, changed(): void,
 * }} given `told` are the server's fields; `begin` hears of checked values; `model` tells which is in
 *   use; `changed` hears that something was chosen or typed
 */
export function startForm({ told, begin, model, changed }) {
  const source = make("select", { id: "train-source" });
  const start = make("select", { id: "train-start" });
  const fields = told.map(newField);
  const go = make("button", { type: "submit", class: "button primary", id: "train-go" }, "Start training");
  const notice = new Notice();
  const sourceField = row("train-source", "Digits to learn from", source, "");
  const sourceHint = /** @type {HTMLElement} */ (sourceField.lastChild);
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
    sourceHint.textContent = count + use;
    const own = !DRAWN.includes(source.value) && start.options.length > 1;
    startField.hidden = !own;
    const adapts = own && start.value !== "";
    for (const field of fields) field.element.hidden = adapts && Boolean(field.plain);
    changed();
  }

  settle();
  source.addEventListener("change", () => {
    if (DRAWN.includes(source.value)) start.value = "";
    if (source.value === "corrections") start.value ||= model(); // what it read wrong, it shall learn
    settle();
  });
  start.addEventListener("change", settle);
  for (const { input } of fields) input.addEventListener("input", changed);

  element.addEventListener("submit", (event) => {
    event.preventDefault();
    notice.tell("");
    /** @type {Record<string, unknown>} */
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
    planned: () => plannedBy(fields, source, startField.hidden ? "" : start.value),
    complain: (/** @type {string} */ sentence) => notice.tell(sentence, "error"),
    busy(/** @type {boolean} */ is) {
      go.disabled = is;
    },
    /**
     * What there is to learn from, and the models to start from; a choice that is there stays.
     * @param {OfferedSource[]} sources
     * @param {ListedModel[]} models
     * @param {Choice | null} wanted
     */
    offer(sources, models, wanted) {
      const chosen = wanted?.source ?? source.value;
      source.replaceChildren(...sources.map(sourceOption));
      if (sources.some(({ name }) => name === chosen)) source.value = chosen;
      const from = wanted?.start ?? start.value;
      const blank = new Option("nothing: random weights", "");
      start.replaceChildren(blank, ...models.map(({ name }) => new Option(`the model ${name}`, name)));
      if (models.some(({ name }) => name === from)) start.value = from;
      settle();
    },
  };
}

/** @param {OfferedSource} source */
function sourceOption({ name, title, digits }) {
  const option = new Option(title, name);
  option.dataset.digits = `${digits ?? 0}`;
  option.dataset.count = digits ? `${many(digits, "digit")}. ` : "";
  return option;
}

/** What is asked for as it stands; of what is wrong, null. @param {ReturnType<typeof newField>[]} fields @param {HTMLSelectElement} source @param {string} start @returns {Planned} */
function plannedBy(fields, source, start) {
  const values = fields.map(({ name, value, told }) => [name, isRight(told, value()) ? value() : null]);
  const digits = Number(source.selectedOptions[0]?.dataset.digits ?? 0);
  return { values: Object.fromEntries(values), digits, start };
}

/** @param {string} id @param {string} words @param {HTMLElement} input @param {string} hint @param {HTMLElement | null} error */
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

/** @param {FormField} told */
function newField(told) {
  const { name, label, kind, hint } = told;
  const id = `train-${name.replaceAll("_", "-")}`;
  const input = newInput(id, told);
  const error = make("span", { class: "mistake", id: `${id}-error`, "aria-live": "polite" });
  const value = () => {
    if (kind === "switch" && input instanceof HTMLInputElement) return input.checked;
    return told.optional && !input.value.trim() ? null : READ[kind](input.value);
  };

  function check() {
    const sentence = isRight(told, value()) ? "" : told.wrong;
    error.textContent = sentence;
    if (sentence) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
    return !sentence;
  }

  // Checked on sending, and then while it is mended: a complaint that comes as the field is left
  // would move the button away from under the pointer.
  input.addEventListener("input", () => input.hasAttribute("aria-invalid") && check());
  const plain = name !== "name"; // decided by the model where a run starts from one
  const element = row(id, label, input, hint, error);
  element.classList.toggle("long", kind !== "whole");
  return { name, plain, input, element, value, check, told };
}

/** @param {string} id @param {FormField} field */
function newInput(id, { kind, choices, choice_words: words, default: usual }) {
  if (kind === "choice") {
    const options = (choices ?? []).map((choice, i) => new Option(words[i] ?? choice, choice));
    const input = make("select", { id }, ...options);
    input.value = String(usual);
    return input;
  }
  if (kind === "switch") return make("input", { id, type: "checkbox", checked: usual === true });
  const inputmode = /** @type {Record<string, string>} */ ({ whole: "numeric", number: "decimal" })[kind];
  const value = Array.isArray(usual) ? usual.join(", ") : `${usual ?? ""}`;
  return make("input", { id, type: "text", value, inputmode, autocomplete: "off", spellcheck: "false" });
}

/** @param {FormField} field @param {any} value */
function isRight({ kind, most, pattern, optional, ...limits }, value) {
  if (optional && value === null) return true;
  if (kind === "whole") return isWithin(limits, value) && Number.isInteger(value);
  if (kind === "number") return isWithin(limits, value);
  if (kind === "list") {
    const fits = value.length > 0 && value.length <= (most ?? Number.POSITIVE_INFINITY);
    return (
      fits && value.every((/** @type {number} */ each) => isWithin(limits, each) && Number.isInteger(each))
    );
  }
  return !pattern || new RegExp(pattern).test(value);
}

/** @param {Pick<FormField, "low" | "high" | "above_low" | "below_high">} limits @param {number} value */
function isWithin({ low, high, above_low: aboveLow, below_high: belowHigh }, value) {
  if (!Number.isFinite(value)) return false;
  if (low !== null && (aboveLow ? value <= low : value < low)) return false;
  return high === null || (belowHigh ? value < high : value <= high);
}

/** @param {string} text */
function numberIn(text) {
  return text.trim() ? Number(text) : Number.NaN;
}
