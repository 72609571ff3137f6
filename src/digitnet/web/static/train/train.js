// Train: a run is started, watched as it learns, stopped, gone on with, and kept as a model.

import { ask, askWithJson } from "../common/server.js";
import { whenShown } from "../common/elements.js";
import { follow } from "./event_stream.js";
import { startForm } from "./form.js";
import { takeIntent } from "../common/intent.js";
import { Runs } from "./runs.js";
import { endWords, epochWords, startView } from "./run_view.js";

const QUIET = 10_000; // milliseconds between two epochs that are said aloud

export async function mount(root, context) {
  const runs = new Runs();
  const { fields } = await ask("api/train/form");
  const form = startForm({ told: fields, begin, model: context.currentModel });
  const view = startView();
  let state = "idle";
  let preparing = null; // how far the data is read, until the run starts
  let resumable = null;
  let toldBefore = ""; // the newest event when the page came: what is older is not said aloud
  let lastSaid = 0;
  let waiting = 0;
  let begun = null; // the run that the stream told of last

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

  // How things stand; what happened in the run is told by the stream, from its first epoch on.
  async function look() {
    try {
      const told = await ask("api/train");
      state = told.state;
      resumable = told.resumable ?? null;
      preparing = state === "running" && !told.start ? (told.preparing ?? {}) : null;
      toldBefore = told.last_event_id ?? "";
    } catch (error) {
      view.complain(error.message);
    }
    draw();
  }

  // The connection is back. A server that was started anew knows of no run, and tells none.
  async function found() {
    view.lost(false);
    const told = await ask("api/train").catch(() => null);
    if (told && !told.start && told.state === "idle") {
      state = "idle";
      preparing = null;
      resumable = told.resumable ?? null;
      runs.forget();
    }
    draw();
  }

  async function begin(values) {
    form.complain("");
    if (await start(values, form)) context.say("The training has begun.");
  }

  async function goOn() {
    await start({ ...resumable.settings, name: resumable.name, resume: true }, view);
  }

  // Whether the server has begun; what it says where it has not is shown by `place`.
  async function start(values, place) {
    form.busy(true);
    view.complain("");
    let run = null;
    try {
      ({ run } = await askWithJson("api/train", "POST", values));
    } catch (error) {
      place.complain(error.message);
      draw();
      return false;
    }
    if (begun !== run) {
      state = "running"; // else the stream was quicker, and knows more
      preparing = {};
    }
    draw();
    view.focus();
    return true;
  }

  async function stop() {
    view.stopping(true);
    try {
      await ask("api/train", { method: "DELETE" });
    } catch (error) {
      view.stopping(false);
      view.complain(error.message);
      draw();
    }
  }

  function heard(kind, data, id) {
    const old = isOld(id, toldBefore);
    begun = runOf(id);
    if (kind === "preparing") {
      state = "running";
      preparing = data;
    } else if (kind === "end") {
      ended(data, old, runs.present?.id === begun);
    } else {
      runs[kind](data);
    }
    if (kind === "start") {
      state = "running";
      preparing = null;
    }
    if (kind === "epoch" && !old) sayNow(epochWords(data), Date.now() - lastSaid > QUIET);
    waiting ||= requestAnimationFrame(() => {
      waiting = 0;
      draw();
    });
  }

  async function ended(end, old, started) {
    state = end.state;
    if (started) runs.end(end);
    else view.complain(sentence(end.reason ?? "the run ended before it began"));
    preparing = null;
    if (!old) {
      if (started) sayNow(endWords(end), true);
      context.refreshModels?.();
    }
    const told = await ask("api/train").catch(() => null);
    if (state !== "running") resumable = told?.resumable ?? null;
    draw();
  }

  function sayNow(words, now) {
    if (!now) return;
    lastSaid = Date.now();
    context.say(words);
  }

  function draw() {
    form.busy(state === "running");
    if (!root.hidden) view.show({ runs, state, preparing, resumable }, { stop, goOn, context });
  }
}

// Whether an event was there when `newest` was the newest; ids are RUN-NUMBER.
function isOld(id, newest) {
  const numberOf = (one) => Number(one.slice(one.lastIndexOf("-") + 1));
  return runOf(id) === runOf(newest) && numberOf(id) <= numberOf(newest);
}

const runOf = (id) => id.slice(0, Math.max(0, id.lastIndexOf("-")));

const sentence = (words) => words[0].toUpperCase() + words.slice(1) + (/[.!?]$/.test(words) ? "" : ".");
