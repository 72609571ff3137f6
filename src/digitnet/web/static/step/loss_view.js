// Loss view: the loss over the steps, and which of the ten samples are read right.

import { make, makeSvg } from "../common/elements.js";
import { many } from "../common/words.js";
import { nats } from "./figures.js";

const [WIDEST, HEIGHT, LEFT, BOTTOM, TOP] = [704, 190, 50, 28, 12];

export class LossView {
  sentence = make("p", { class: "notice" });
  chart = makeSvg("svg", { class: "loss-chart", role: "img" });
  samples = make("ul", { class: "samples", "aria-label": "How the ten samples are read" });

  /** @param {string[]} classNames */
  constructor(classNames) {
    this.classNames = classNames;
    const mean = make("span", {}, make("span", { class: "key solid" }), "mean over the ten samples");
    const own = make("span", {}, make("span", { class: "key dashed" }), "this step’s digit");
    this.element = make(
      "section",
      { class: "card stage" },
      make("h2", {}, "The loss"),
      this.sentence,
      make(
        "figure",
        { class: "loss-figure" },
        this.chart,
        make("figcaption", { class: "quiet small row" }, mean, own),
      ),
      this.samples,
    );
  }

  /** @param {Measured[]} history @param {Measured} now @param {string} sentence @param {boolean} broken */
  show(history, now, sentence, broken) {
    this.sentence.textContent = sentence;
    this.sentence.className = broken ? "notice warn" : "notice";
    this.#plot(history.length ? history : [now]);
    this.samples.replaceChildren(
      ...now.read.map((read, label) => {
        const [name, as] = [this.classNames[label], this.classNames[read]];
        const words = read === label ? `${name} ✓` : `${name} read ${as ?? "as nothing"}`;
        return make("li", { class: read === label ? "chip chosen" : "chip wrong" }, words);
      }),
    );
  }

  /** @param {Measured[]} history */
  #plot(history) {
    const width = this.chart.clientWidth || WIDEST; // so that its letters are as large as others
    this.chart.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
    const finite = history.flatMap(({ loss, mean }) => [loss, mean]).filter(Number.isFinite);
    const most = Math.max(0.1, ...finite);
    const last = Math.max(1, history.length - 1);
    const x = (/** @type {number} */ step) => LEFT + ((width - LEFT - 14) * step) / last;
    const y = (/** @type {number} */ loss) => HEIGHT - BOTTOM - ((HEIGHT - BOTTOM - TOP) * loss) / most;
    const line = (/** @type {"loss" | "mean"} */ which) =>
      history
        .map((each, k) => [x(k), y(each[which])])
        .filter(([, at]) => Number.isFinite(at))
        .map((point) => point.map((n) => n.toFixed(1)).join(","))
        .join(" ");
    const text = (
      /** @type {number} */ at,
      /** @type {number} */ to,
      /** @type {string} */ words,
      anchor = "end",
    ) => makeSvg("text", { x: at, y: to, "text-anchor": anchor }, words);
    const ends = history.at(-1) ?? history[0];
    this.chart.replaceChildren(
      makeSvg("path", { class: "axis", d: `M${LEFT} ${TOP}V${HEIGHT - BOTTOM}H${width - 14}` }),
      text(LEFT - 6, TOP + 8, nats(most)),
      text(LEFT - 6, HEIGHT - BOTTOM, "0"),
      text(LEFT - 6, (TOP + HEIGHT - BOTTOM) / 2 + 4, "loss"),
      text(LEFT, HEIGHT - 8, "0", "middle"),
      text(width / 2, HEIGHT - 8, "step", "middle"),
      text(width - 14, HEIGHT - 8, `${last}`, "middle"),
      makeSvg("polyline", { class: "own", points: line("loss") }),
      makeSvg("polyline", { class: "mean", points: line("mean") }),
      makeSvg("circle", {
        class: "mean-end",
        cx: x(history.length - 1),
        cy: y(Number.isFinite(ends.mean) ? ends.mean : most),
        r: 4,
      }),
    );
    this.chart.setAttribute(
      "aria-label",
      `The loss over ${many(history.length - 1, "step")}: the mean over the ten samples from ${nats(history[0].mean)} to ${nats(ends.mean)}, highest ${nats(most)}.`,
    );
  }
}
