// Run view: a run as it is seen: words, curves, weights, confusion matrix, mistakes.

import { button, make, startNotice } from "../common/elements.js";
import { startConfusion, startMistakes, startWeights } from "./run_pictures.js";
import { startCurves } from "./curves.js";
import { bestOf } from "./runs.js";
import { accuracy, duration } from "../common/words.js";

const ENDS = {
  finished: "Finished",
  stopped: "Stopped",
  failed: "The run failed",
};

const NONE = "No run yet";
const INVITATION =
  "Choose what to learn from and start: you will see the loss fall, the weights take shape, and the mistakes get fewer.";

export function startView() {
  const heading = make("h2", { tabindex: -1 }, NONE);
  const status = make("p", { class: "status" }, INVITATION);
  const fill = make("div", { class: "fill" });
  const bar = make(
    "div",
    {
      class: "progress",
      role: "progressbar",
      "aria-label": "How far the run is",
      "aria-valuemin": 0,
      "aria-valuemax": 100,
      hidden: true,
    },
    fill,
  );
  const notice = startNotice();
  const gone = make(
    "p",
    { class: "notice warn", hidden: true },
    "The server does not answer at the moment. This page keeps trying; a run goes on without it.",
  );
  const actions = make("div", { class: "row" });
  const curves = startCurves();
  const weights = startWeights();
  const confusion = startConfusion();
  const mistakes = startMistakes();
  const part = (title, inside, width = "") =>
    make("section", { class: `card ${width}` }, make("h3", {}, title), inside);
  const scroll = { class: "table-scroll", tabindex: 0, role: "region", "aria-label": "Confusion matrix" };
  const parts = {
    weights: part("What the neurons look for", weights.element),
    confusion: part("What was read as what", make("div", scroll, confusion.element)),
    mistakes: part("Mistakes", mistakes.element, "wide"),
    none: part(
      "No mistakes to show",
      make(
        "p",
        { class: "hint" },
        "There are so few digits that all of them are learnt from; none was kept back to check.",
      ),
    ),
  };
  const pictures = make("div", { class: "run-pictures", hidden: true }, ...Object.values(parts));
  const graphs = make("div", { class: "card", hidden: true }, curves.element);
  const head = make(
    "div",
    { class: "card stack tight" },
    heading,
    status,
    bar,
    gone,
    notice.element,
    actions,
  );
  let drawnPicture = null;
  let offered = "";

  function show({ runs, state, preparing, resumable }, { stop, goOn, context }) {
    const run = runs.present;
    const running = state === "running";
    const ready = run && !preparing;
    bar.hidden = !running;
    graphs.hidden = !ready;
    pictures.hidden = !ready || !run.picture;
    if (running && !ready) {
      heading.textContent = "Getting ready";
      const { what, done, total } = preparing ?? {};
      status.textContent = what
        ? `${what}${total ? `, ${Math.round((100 * done) / total)} %` : ""}.`
        : "The digits are being read.";
      setBar(total ? done / total : 0);
    } else if (run) {
      heading.textContent = running
        ? `Training ${run.name}`
        : `${ENDS[run.end?.state] ?? "Ended"}: ${run.name}`;
      status.textContent = running ? runningWords(runs) : endWords(run.end);
      setBar(runs.share());
      curves.show(runs);
      if (run.picture && run.picture !== drawnPicture) {
        drawnPicture = run.picture;
        showPicture(run.picture);
      }
    }
    if (!running && !run) {
      heading.textContent = NONE;
      status.textContent = INVITATION;
    }
    offer({ run, ready, running, resumable, stop, goOn, context });
  }

  function showPicture(picture) {
    weights.show(picture);
    confusion.show(picture.confusion);
    mistakes.show(picture.mistakes);
    parts.weights.hidden = !picture.weights;
    parts.confusion.hidden = parts.mistakes.hidden = !picture.confusion;
    parts.none.hidden = Boolean(picture.confusion);
  }

  // Buttons are made anew only when there are others, so that the focus stays where it is.
  function offer({ run, ready, running, resumable, stop, goOn, context }) {
    const model = !running && run?.end?.model;
    const key = JSON.stringify([running, ready, model, resumable?.name]);
    if (key === offered) return;
    offered = key;
    const held = actions.contains(document.activeElement) && document.activeElement.id;
    actions.replaceChildren();
    if (running)
      actions.append(button(ready ? "Stop and keep the best" : "Stop", stop, { id: "train-stop" }));
    if (model) {
      const use = async () => {
        await context.refreshModels?.();
        await context.chooseModel(model);
        document.getElementById("tab-draw")?.click();
      };
      actions.append(button(`Draw with ${model}`, use, { id: "train-use", class: "button primary" }));
      const zip = `api/models/${encodeURIComponent(model)}.zip`;
      const link = { class: "button", id: "train-download", href: zip, download: `${model}.zip` };
      actions.append(make("a", link, "Download"));
    }
    if (!running && resumable) {
      const done = resumable.epoch ? ` from epoch ${resumable.epoch}` : "";
      const words = `Go on with ${resumable.name}${done}`;
      const on = button(words, goOn, { id: "train-resume" });
      if (resumable.name === run?.name) actions.prepend(on);
      else actions.append(on); // another one, from an earlier day
    }
    if (held) (actions.querySelector(`#${held}`) ?? actions.querySelector("button") ?? heading).focus();
  }

  function setBar(share) {
    fill.style.width = `${100 * share}%`;
    bar.setAttribute("aria-valuenow", Math.round(100 * share));
  }

  return {
    element: make("div", { class: "run stack" }, head, graphs, pictures),
    show,
    // Bring the run into sight, where it is not, and tell screen readers where it is.
    focus() {
      const { top, bottom } = heading.getBoundingClientRect();
      if (top < 0 || bottom > innerHeight) head.scrollIntoView({ block: "start" });
      heading.focus({ preventScroll: true });
    },
    stopping(is) {
      const stop = actions.querySelector("#train-stop");
      if (!is) offered = "";
      if (!is || !stop) return;
      heading.focus({ preventScroll: true });
      stop.disabled = true;
      stop.textContent = "Stopping after this step";
    },
    lost(is) {
      gone.hidden = !is;
    },
    complain: (sentence) => notice.tell(sentence, "error"),
  };
}

export function epochWords({ epoch, validation_accuracy: share }) {
  return `Epoch ${epoch} is done${share === null ? "" : `, ${accuracy(share)} right`}.`;
}

function runningWords(runs) {
  const { present: run } = runs;
  const at = Math.min(run.nEpochs, (run.epochs.at(-1)?.epoch ?? 0) + 1);
  const best = bestOf(run);
  const left = runs.secondsLeft();
  const parts = [`Epoch ${at} of ${run.nEpochs}`, run.network];
  if (best) parts.push(`best so far ${accuracy(best.validation_accuracy)}`);
  if (left !== null) parts.push(left < 1 ? "nearly done" : `about ${duration(left)} left`);
  return parts.join(" · ");
}

export function endWords(end) {
  if (!end) return "";
  const kept = end.model ? `Kept as the model ${end.model}` : "";
  const best =
    end.best_epoch && end.validation_accuracy !== null
      ? `, ${accuracy(end.validation_accuracy)} right after epoch ${end.best_epoch}`
      : "";
  const sentence = kept ? `${kept}${best}.` : "";
  const reason = end.state === "failed" ? (end.reason ?? "") : "";
  return [reason, sentence].filter(Boolean).join(" ");
}
