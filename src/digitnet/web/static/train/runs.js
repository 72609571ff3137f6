// Runs: the present training run as its events tell it, and earlier ones, to compare with.

const KEY = "digitnet-runs";
const MOST_STEPS = 800; // more points than a chart is wide say nothing more
const MOST_EARLIER = 30; // runs that a browser keeps the figures of

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
    /** @type {string | null | undefined} the earlier run that was chosen; null is none, undefined the last */
    this.chosen = undefined;
    this.kept = recall();
    /** @type {Run[]} the last one first */
    this.earlier = this.kept.earlier;
  }

  /** The earlier run that the present one is compared with. @returns {Run | null} */
  get compared() {
    if (this.chosen === null) return null;
    return this.earlier.find(({ id }) => id === this.chosen) ?? this.earlier[0] ?? null;
  }

  /**
   * A run begins, is told anew from its beginning, or goes on after it was stopped: then it is not
   * the run before of itself.
   * @param {Start} start
   */
  start(start) {
    const last = this.present ?? this.kept.present;
    const isSame = (/** @type {Run} */ run) =>
      run.id === start.run || (start.resumed && run.name === start.name);
    const same = last && isSame(last);
    if (last?.epochs.length && !same) this.earlier.unshift(last);
    this.earlier = this.earlier.filter((run) => !isSame(run)).slice(0, MOST_EARLIER);
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
    this.kept = { present: this.present ?? this.kept.present, earlier: this.earlier };
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
    const bare = (/** @type {Run} */ run) => ({ ...run, steps: [], step: null, picture: null });
    try {
      const runs = { present: this.present && bare(this.present), earlier: this.earlier.map(bare) };
      localStorage.setItem(KEY, JSON.stringify(runs));
    } catch {
      // a browser that keeps nothing compares within one visit only
    }
  }
}

/** @returns {{ present: Run | null, earlier: Run[] }} */
function recall() {
  try {
    const { present = null, earlier = [] } = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    return { present, earlier };
  } catch {
    return { present: null, earlier: [] };
  }
}
