// Curves: loss and accuracy of a run so far, as charts, in words and as a table.

import { startChart } from "./chart.js";
import { make } from "../common/elements.js";
import { accuracy, loss } from "../common/words.js";

const LINES = [
  ["steps", "single steps"],
  ["training", "digits it learns from"],
  ["validation", "digits it has not learnt from"],
];

// Loss and accuracy of a run on two axes, those of the run before on the same ones.
export function startCurves() {
  const readout = make("p", { class: "readout" });
  const legend = make("ul", { class: "legend", role: "list" });
  const table = make("tbody");
  const hovered = (epoch) => show(runs, epoch);
  const charts = {
    loss: startChart({ title: "Loss: how wrong it is", log: true, format: String, hovered }),
    accuracy: startChart({
      title: "Accuracy: how many are right",
      format: (share) => `${Number((100 * share).toFixed(1))} %`,
      floor: 0,
      ceiling: 1,
      hovered,
    }),
  };
  const heads = ["Epoch", "Loss, learnt from", "Loss, not learnt from", "Accuracy"];
  const figures = make(
    "details",
    {},
    make("summary", {}, "The figures as a table"),
    make(
      "div",
      { class: "table-scroll", tabindex: 0, role: "region", "aria-label": "The figures of each epoch" },
      make(
        "table",
        { class: "table figures" },
        make(
          "thead",
          {},
          make("tr", {}, ...heads.map((head) => make("th", { scope: "col", class: "number" }, head))),
        ),
        table,
      ),
    ),
  );
  let runs = null;

  function show(what, epoch = null) {
    runs = what;
    const { present, before } = runs;
    const compared = before?.epochs.length ? before : null;
    const other = compared?.epochs.at(-1).epoch ?? 0;
    const nEpochs = other <= 2 * present.nEpochs ? Math.max(present.nEpochs, other) : present.nEpochs;
    const checked = has(present, "validation_loss");
    const at = epoch === null ? present.epochs.at(-1) : present.epochs.find((one) => one.epoch === epoch);
    readout.textContent = at ? sentence(at) : "The first epoch is under way.";
    const mark = epoch === null ? null : (at?.epoch ?? null);
    charts.loss.draw(
      {
        nEpochs,
        words: at ? sentence(at) : "",
        lines: [
          ...(compared
            ? [{ kind: "before", points: points(compared, "validation_loss", "training_loss") }]
            : []),
          { kind: "steps", points: present.steps, rough: present.epochs.length > 0 },
          { kind: "training", points: points(present, "training_loss") },
          { kind: "validation", points: points(present, "validation_loss") },
        ],
      },
      mark,
    );
    charts.accuracy.draw(
      {
        nEpochs,
        words: at ? sentence(at) : "",
        lines: [
          ...(compared ? [{ kind: "before", points: points(compared, "validation_accuracy") }] : []),
          { kind: "validation", points: points(present, "validation_accuracy") },
        ],
      },
      mark,
    );
    charts.accuracy.element.hidden = present.epochs.length > 0 && !checked;
    const last = compared ? [["before", `the run before: ${compared.name}, ${compared.network}`]] : [];
    const drawn = LINES.filter(([kind]) => kind !== "validation" || checked || !present.epochs.length);
    legend.replaceChildren(
      ...[...drawn, ...last].map(([kind, words]) => make("li", { class: `key-${kind}` }, words)),
    );
    fill(table, present.epochs);
  }

  return {
    element: make(
      "div",
      { class: "stack tight" },
      legend,
      make("div", { class: "charts" }, charts.loss.element, charts.accuracy.element),
      readout,
      figures,
    ),
    show,
  };
}

function sentence({
  epoch,
  training_loss: training,
  validation_loss: validation,
  validation_accuracy: share,
}) {
  const right = share === null ? "" : `, ${accuracy(share)} right`;
  const other = validation === null ? "" : `, ${loss(validation)} on digits it has not learnt from`;
  return `Epoch ${epoch}: loss ${loss(training)}${other}${right}.`;
}

const has = (run, key) => run.epochs.some((epoch) => epoch[key] !== null && epoch[key] !== undefined);

function points(run, key, otherwise = key) {
  return run.epochs
    .map((epoch) => [epoch.epoch, epoch[key] ?? epoch[otherwise]])
    .filter(([, value]) => value !== null && value !== undefined);
}

// A row for each epoch; rows that are there already stay.
function fill(table, epochs) {
  while (table.children.length > epochs.length) table.lastChild.remove();
  epochs.forEach((one, i) => {
    const texts = [
      `${one.epoch}`,
      loss(one.training_loss),
      loss(one.validation_loss),
      accuracy(one.validation_accuracy),
    ];
    const row =
      table.children[i] ??
      table.appendChild(make("tr", {}, ...texts.map(() => make("td", { class: "number" }))));
    texts.forEach((text, column) => {
      if (row.children[column].textContent !== text) row.children[column].textContent = text;
    });
  });
}
