// Train: a run is started, watched as it learns, stopped, gone on with, and kept as a model.

import { ask, askWithJson } from "./asking.js";
import { button, make, startNotice, whenShown } from "./elements.js";
import { follow } from "./events.js";
import { startForm } from "./form.js";
import { startConfusion, startMistakes, startWeights } from "./gallery.js";
import { takeIntent } from "./intent.js";
import { startCurves } from "./progress.js";
import { bestOf, Runs } from "./runs.js";
import { accuracy, duration } from "./words.js";

const QUIET = 10_000; // milliseconds between two epochs that are said aloud
const ENDS = {
  finished: "Finished",
  stopped: "Stopped",
  failed: "The run failed",
};

export async function mount(root, context) {
  const runs = new Runs();
  const form = startForm({ begin });
  const view = startView();
  let state = "idle";
  let resumable = null;
  let newest = null; // events up to this id were there before the page was
  let lastSaid = 0;
  let waiting = 0;

  root.classList.add("training");
  root.append(form.element, view.element);
  whenShown(root, () => {
    offer();
    draw();
  });
  await Promise.all([offer(), look()]);
  follow("api/train/events", { heard, lost: () => view.lost(true), found });
  setInterval(() => state === "running" && draw(), 1000);

  async function offer() {
    try {
      const [{ sources }, { models }] = await Promise.all([ask("api/sources"), ask("api/models")]);
      form.offer(sources, models, takeIntent());
    } catch (error) {
      form.complain(error.message);
    }
  }

  // The state of things, from the server.
  async function look() {
    try {
      const told = await ask("api/train");
      state = told.state;
      resumable = told.resumable ?? null;
      newest = told.last_event_id ?? null;
      runs.restore(told);
      view.prepare(told.start ? null : told.preparing);
    } catch (error) {
      view.complain(error.message);
    }
    draw();
  }

  async function found() {
    view.lost(false);
    await look();
  }

  async function begin(values) {
    form.busy(true);
    form.complain("");
    try {
      await askWithJson("api/train", "POST", values);
      await look();
      view.element.scrollIntoView({ block: "start" });
      view.focus();
      context.say("The training has begun.");
    } catch (error) {
      form.complain(error.message);
    }
    draw();
  }

  async function goOn() {
    view.complain("");
    try {
      await askWithJson("api/train", "POST", { ...resumable.settings, name: resumable.name, resume: true });
      await look();
      view.focus();
    } catch (error) {
      view.complain(error.message);
    }
  }

  async function stop() {
    view.stopping();
    try {
      await ask("api/train", { method: "DELETE" });
    } catch (error) {
      view.complain(error.message);
      draw();
    }
  }

  function heard(kind, data, id) {
    const old = newest !== null;
    if (id === newest) newest = null;
    if (kind === "preparing") view.prepare(data);
    else runs[kind](data);
    if (kind === "start") {
      state = "running";
      view.prepare(null);
    }
    if (kind === "epoch" && !old) sayNow(epochWords(data), Date.now() - lastSaid > QUIET);
    if (kind === "end") ended(data, old);
    waiting ||= requestAnimationFrame(() => {
      waiting = 0;
      draw();
    });
  }

  async function ended(end, old) {
    state = end.state;
    if (old) return;
    sayNow(endWords(end), true);
    context.refreshModels?.();
    const told = await ask("api/train").catch(() => null);
    resumable = told?.resumable ?? null;
    draw();
  }

  function sayNow(words, now) {
    if (!now) return;
    lastSaid = Date.now();
    context.say(words);
  }

  function draw() {
    form.busy(state === "running");
    if (!root.hidden) view.show({ runs, state, resumable }, { stop, goOn, context });
  }
}

// The run as it is seen: words, curves, weights, confusion matrix, mistakes.
function startView() {
  const heading = make("h2", { tabindex: -1 }, "No run yet");
  const status = make("p", { class: "status" }, "Choose what to learn from and start: you will see the loss fall, the weights take shape, and the mistakes get fewer.");
  const fill = make("div", { class: "fill" });
  const bar = make("div", { class: "progress", role: "progressbar", "aria-label": "How far the run is", "aria-valuemin": 0, "aria-valuemax": 100, hidden: true }, fill);
  const notice = startNotice();
  const gone = make("p", { class: "notice warn", hidden: true }, "The connection to the server was lost; the run goes on there, and this page tries to come back.");
  const actions = make("div", { class: "row" });
  const curves = startCurves();
  const weights = startWeights();
  const confusion = startConfusion();
  const mistakes = startMistakes();
  const part = (title, inside, width = "") => make("section", { class: `card ${width}` }, make("h3", {}, title), inside);
  const pictures = make(
    "div",
    { class: "run-pictures", hidden: true },
    part("What the neurons look for", weights.element),
    part("What was read as what", make("div", { class: "table-scroll", tabindex: 0, role: "region", "aria-label": "Confusion matrix" }, confusion.element)),
    part("Mistakes", mistakes.element, "wide"),
  );
  const graphs = make("div", { class: "card", hidden: true }, curves.element);
  const head = make("div", { class: "card stack tight" }, heading, status, bar, gone, notice.element, actions);
  let preparing = null;
  let drawnPicture = null;
  let offered = "";

  function show({ runs, state, resumable }, { stop, goOn, context }) {
    const run = runs.present;
    const running = state === "running";
    const ready = run && !(running && preparing);
    bar.hidden = !running;
    graphs.hidden = !ready;
    pictures.hidden = !ready || !run.picture;
    if (running && !ready) {
      heading.textContent = "Getting ready";
      const { what, done, total } = preparing ?? {};
      status.textContent = what ? `${what}${total ? `, ${Math.round((100 * done) / total)} %` : ""}.` : "The digits are being read.";
      setBar(total ? done / total : 0);
    } else if (run) {
      heading.textContent = running ? `Training ${run.name}` : `${ENDS[state] ?? "Ended"}: ${run.name}`;
      status.textContent = running ? runningWords(runs) : endWords(run.end);
      setBar(runs.share());
      curves.show(runs);
      if (run.picture && run.picture !== drawnPicture) {
        drawnPicture = run.picture;
        weights.show(run.picture);
        confusion.show(run.picture.confusion);
        mistakes.show(run.picture.mistakes);
      }
    }
    offer({ run, running, resumable, stop, goOn, context });
  }

  // Buttons are made anew only when there are others, so that the focus stays where it is.
  function offer({ run, running, resumable, stop, goOn, context }) {
    const model = !running && run?.end?.model;
    const key = JSON.stringify([running, model, resumable?.name]);
    if (key === offered) return;
    offered = key;
    const held = actions.contains(document.activeElement);
    actions.replaceChildren();
    if (running) actions.append(button("Stop and keep the best", stop, { id: "train-stop" }));
    if (!running && resumable) {
      const done = resumable.epoch ? ` from epoch ${resumable.epoch}` : "";
      actions.append(button(`Go on with ${resumable.name}${done}`, goOn, { id: "train-resume" }));
    }
    if (model) {
      const use = async () => {
        await context.refreshModels?.();
        await context.chooseModel(model);
        document.getElementById("tab-draw")?.click();
      };
      actions.append(button(`Draw with ${model}`, use, { id: "train-use", class: "button primary" }));
      const zip = `api/models/${encodeURIComponent(model)}.zip`;
      actions.append(make("a", { class: "button", href: zip, download: `${model}.zip` }, "Download"));
    }
    if (held) (actions.querySelector("button") ?? heading).focus();
  }

  function setBar(share) {
    fill.style.width = `${100 * share}%`;
    bar.setAttribute("aria-valuenow", Math.round(100 * share));
  }

  return {
    element: make("div", { class: "run stack" }, head, graphs, pictures),
    show,
    focus: () => heading.focus({ preventScroll: true }),
    prepare(data) {
      preparing = data ?? null;
    },
    stopping() {
      const stop = actions.querySelector("#train-stop");
      if (!stop) return;
      stop.disabled = true;
      stop.textContent = "Stopping after this step";
      offered = "";
      heading.focus({ preventScroll: true });
    },
    lost(is) {
      gone.hidden = !is;
    },
    complain: (sentence) => notice.tell(sentence, "error"),
  };
}

function epochWords({ epoch, validation_accuracy: share }) {
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

function endWords(end) {
  if (!end) return "";
  const kept = end.model ? `Kept as the model ${end.model}` : "";
  const best = end.best_epoch && end.validation_accuracy !== null ? `, ${accuracy(end.validation_accuracy)} right after epoch ${end.best_epoch}` : "";
  const sentence = kept ? `${kept}${best}.` : "";
  const reason = end.state === "failed" ? (end.reason ?? "") : "";
  return [reason, sentence].filter(Boolean).join(" ");
}
