// Comparison: two models asked about the same digits: who reads more, and where they differ.

import { pngUrl } from "../common/base64.js";
import { button, make, Notice } from "../common/elements.js";
import { ask, sentenceOf } from "../common/server.js";
import { accuracy, many, whole } from "../common/words.js";

const WORDS = "Both are asked about the same digits, a thousand of them where there are more.";

export class ModelComparison {
  notice = new Notice();
  first = make("select", { id: "compare-first" });
  second = make("select", { id: "compare-second" });
  on = make("select", { id: "compare-on" });
  result = make("div", { class: "stack tight", "aria-live": "polite" });
  go = button("Compare", () => this.#compare(), { class: "button primary", id: "compare-go" });

  constructor() {
    this.element = make(
      "section",
      { class: "card stack tight", "aria-label": "Compare two models" },
      make("h3", {}, "Compare two models"),
      make("p", { class: "hint" }, WORDS),
      make("div", { class: "fields" }, field("One", this.first), field("The other", this.second)),
      field("Digits", this.on),
      make("div", { class: "row" }, this.go),
      this.notice.element,
      this.result,
    );
  }

  /** The models and digits there are; a choice that is there stays. @param {string[]} names @param {OfferedSource[]} sources */
  offer(names, sources) {
    fill(this.first, names, names, names[0]);
    fill(this.second, names, names, names[1] ?? names[0]);
    const offered = sources.map(({ name }) => name);
    const titles = sources.map(({ title }) => title);
    fill(this.on, offered, titles, offered[0]);
  }

  async #compare() {
    const [first, second] = [this.first.value, this.second.value];
    this.result.replaceChildren();
    if (first === second) {
      this.notice.tell("Choose two different models.", "warn");
      return;
    }
    this.go.disabled = true;
    this.notice.tell("Both are reading …");
    try {
      const asked = new URLSearchParams({ first, second, on: this.on.value });
      this.#show(await ask(`api/compare?${asked}`));
      this.notice.tell("");
    } catch (error) {
      this.notice.tell(sentenceOf(error), "error");
    }
    this.go.disabled = false;
    this.go.focus();
  }

  /** @param {Comparison} told */
  #show(told) {
    const [one, other] = told.models;
    const rows = told.models.map(({ name, right, interval: [low, high] }, k) =>
      make(
        "tr",
        {},
        make("th", { scope: "row" }, name),
        make("td", { class: "number" }, accuracy(right / told.n, 2)),
        make("td", { class: "number" }, `${accuracy(low, 1)} to ${accuracy(high, 1)}`),
        make("td", { class: "number" }, whole(k ? told.only_second : told.only_first)),
      ),
    );
    const heads = ["Model", "Right", "95 % interval", "It alone"].map((words, k) =>
      make("th", { scope: "col", class: k ? "number" : null }, words),
    );
    const shown = told.differ.length;
    const some = told.n_differ > shown ? `, ${shown} of them here` : "";
    const differ = told.n_differ
      ? `They answer differently to ${many(told.n_differ, "digit")}${some}:`
      : "They answer alike to all of them.";
    const of = told.of > told.n ? ` of ${whole(told.of)}, spread over all` : "";
    this.result.replaceChildren(
      make("p", { class: "verdict-of-two" }, verdict(told)),
      make(
        "table",
        { class: "table" },
        make("thead", {}, make("tr", {}, ...heads)),
        make("tbody", {}, ...rows),
      ),
      make("p", { class: "hint" }, `${many(told.n, "digit")}${of}: ${told.title}. ${differ}`),
      make(
        "ul",
        { class: "differ", role: "list" },
        ...told.differ.map((each) => difference(each, one.name, other.name)),
      ),
    );
  }
}

/** Who reads more, and whether that is more than luck. @param {Comparison} told */
function verdict({ models: [one, other], only_first: first, only_second: second, sure, p_value: p }) {
  if (first === second) return `Neither is better: both read ${whole(one.right)} rightly.`;
  const [better, worse] = first > second ? [one, other] : [other, one];
  const more = many(Math.abs(first - second), "digit");
  if (!sure) return `${better.name} reads ${more} more rightly than ${worse.name}, which may be luck.`;
  const chance = p < 0.001 ? "less than one in a thousand" : `about ${(100 * p).toPrecision(2)} in a hundred`;
  return `${better.name} is better: it reads ${more} more rightly than ${worse.name}, and the chance that this is luck is ${chance}.`;
}

/** @param {{ frame: string, label: number, read_as: number[] }} each @param {string} one @param {string} other */
function difference({ frame, label, read_as: [first, second] }, one, other) {
  const line = (/** @type {string} */ name, /** @type {number} */ read) =>
    make("span", { class: read === label ? "" : "mistaken" }, `${name} ${read}`);
  const picture = make("img", { class: "pixels", src: pngUrl(frame), alt: `a ${label}` });
  return make(
    "li",
    { class: "tile" },
    picture,
    make("b", {}, `is ${label}`),
    line(one, first),
    line(other, second),
  );
}

/** @param {string} words @param {HTMLSelectElement} select */
function field(words, select) {
  return make("div", { class: "field" }, make("label", { for: select.id }, words), select);
}

/** @param {HTMLSelectElement} select @param {string[]} values @param {string[]} words @param {string | undefined} usual */
function fill(select, values, words, usual) {
  const before = values.includes(select.value) ? select.value : (usual ?? "");
  select.replaceChildren(...values.map((value, i) => new Option(words[i], value)));
  select.value = before;
}
