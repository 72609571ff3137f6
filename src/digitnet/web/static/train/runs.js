// Runs: the present training run as its events tell it, and the one before, to compare.

const KEY = "digitnet-runs";
const MOST_STEPS = 800; // more points than a chart is wide say nothing more

/** What is known of a run; `epochs` holds the epoch events in order, `steps` [epochs done, loss]. @param {Start} start @returns {Run} */
function newRun(start) {
  return {
    id: start.run,
    name: start.name,
    network: start.network,
    nEpochs: start.epochs,
    settings: start.settings ?? {},
    digits: start.digits,
    steps: [],
    epochs: [],
    step: null,
    picture: null,
    end: null,
    heardAt: 0,
  };
}

export class Runs {
  constructor() {
    /** @type {Run | null} */
    this.present = null;
    /** @type {Run | null} */
    this.before = null;
    this.kept = recall();
  }

  /**
   * A run begins, is told anew from its beginning, or goes on after it was stopped: then it is not
   * the run before of itself.
   * @param {Start} start
   */
  start(start) {
    const last = this.present ?? this.kept.present;
    const same = last && (last.id === start.run || (start.resumed && last.name === start.name));
    if (same) this.before ??= this.kept.before;
    else if (last?.epochs.length) this.before = last;
    const goesOn = last && same && last.id !== start.run; // else the stream tells its steps anew
    const steps = goesOn ? last.steps : [];
    this.present = { ...newRun(start), steps };
    this.keep();
  }

  /** @param {Step} step */
  step(step) {
    const run = this.present;
    if (!run) return;
    run.step = step;
    run.steps.push([step.epoch - 1 + step.step / step.n_steps, step.loss]);
    if (run.steps.length > MOST_STEPS) run.steps = run.steps.filter((_, i) => i % 2 === 1);
  }

  /** @param {Epoch} epoch */
  epoch(epoch) {
    const run = this.present;
    if (!run) return;
    run.epochs = run.epochs.filter((other) => other.epoch < epoch.epoch);
    run.epochs.push(epoch);
    run.heardAt = Date.now();
    run.step = null;
    this.keep();
  }

  /** @param {RunPicture} picture */
  picture(picture) {
    if (this.present) this.present.picture = picture;
  }

  /** @param {End} end */
  end(end) {
    if (!this.present) return;
    this.present.end = end;
    this.present.step = null;
  }

  /** There is no run any more; the last one is still known, to compare. */
  forget() {
    this.kept = { present: this.present ?? this.kept.present, before: this.before };
    this.present = null;
  }

  /** How much of the run is done, 0 to 1. */
  share() {
    if (!this.present) return 0;
    const { epochs, step, nEpochs } = this.present;
    const done = epochs.at(-1)?.epoch ?? 0;
    const within = step && step.epoch > done ? step.epoch - 1 + step.step / step.n_steps : done;
    return Math.min(1, within / nEpochs);
  }

  /** Seconds that are left, as far as anybody can know; null before the first epoch is done. */
  secondsLeft() {
    if (!this.present) return null;
    const { epochs, heardAt } = this.present;
    const told = epochs.at(-1)?.seconds_left;
    if (told === null || told === undefined) return null;
    return Math.max(0, told - (Date.now() - heardAt) / 1000);
  }

  keep() {
    const bare = (/** @type {Run | null} */ run) => run && { ...run, steps: [], step: null, picture: null };
    try {
      const runs = { present: bare(this.present), before: bare(this.before) };
      localStorage.setItem(KEY, JSON.stringify(runs));
    } catch {
      // a browser that keeps nothing compares within one visit only
    }
  }
}

/** @returns {{ present: Run | null, before: Run | null }} */
function recall() {
  const nothing = { present: null, before: null };
  try {
    return { ...nothing, ...JSON.parse(localStorage.getItem(KEY) ?? "{}") };
  } catch {
    return nothing;
  }
}
