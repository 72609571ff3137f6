// Diagnosis: what the last step did, in a sentence: that the loss fell, or what broke and why.

import { nats } from "./figures.js";

const SURE = 0.005; // nats: a loss with hardly anything left to learn from
const ROSE = 1.02; // times as high: more than rounding

/**
 * @param {StepExperiment} experiment
 * @param {{ before: Measured, after: Measured }} measured by the last step
 * @param {Lesson} lesson
 * @returns {{ sentence: string, broken: boolean }}
 */
export function diagnose(experiment, { before, after }, lesson) {
  const n = experiment.layers[0].n_out;
  const digit = experiment.learner.classNames[lesson.label];
  const fell = `${lossOf(lesson)}: ${nats(before.loss)} before the step, ${nats(after.loss)} after.`;
  const mean = `${nats(before.mean)} to ${nats(after.mean)}`;
  const broken = (/** @type {string} */ sentence) => ({ sentence, broken: true });
  if (!Number.isFinite(after.mean)) {
    return broken(
      "The loss is no number any more: the weights have grown beyond what a float32 holds. Start again with a lower learning rate.",
    );
  }
  if (experiment.areCopies()) {
    return broken(
      `${fell} But all ${n} neurons are copies of one: they began alike, so the chain rule gives each the same dW1, and no step can part them. A random start does.`,
    );
  }
  const stuck = experiment.nStuck();
  if (stuck > n / 2) {
    return broken(
      `${fell} But ${stuck} of ${n} neurons are stuck: the steps were so long that each gives an end of its range, whichever of the ten samples it sees. The slope there is nearly 0, and as a factor of the chain rule it lets no error back to W1. Lower the learning rate and start again.`,
    );
  }
  const [only] = experiment.taught;
  if (experiment.taught.size === 1 && after.read.filter((label) => label === only).length >= 8) {
    return broken(
      `${fell} But now ${after.read.filter((label) => label === only).length} of the ten samples are read as ${digit}: every step asked for ${digit} and none for another digit, so b2 and W2 learnt to say ${digit} to anything. Learn from the ten samples in turn.`,
    );
  }
  if (after.loss > before.loss * ROSE) {
    return broken(
      `The loss of this digit rose from ${nats(before.loss)} to ${nats(after.loss)}: the step was too long. The gradient is the slope where the weights are now, and holds for a short way only. Lower the learning rate.`,
    );
  }
  if (after.mean > before.mean * ROSE) {
    return {
      sentence: `${fell} Over the ten samples it rose, ${mean}: this step was for one digit alone, and a long step for one forgets others.`,
      broken: false,
    };
  }
  if (before.loss < SURE) {
    return {
      sentence: `${fell} The network is sure of this digit already: dZ2 is nearly 0, and so is every gradient behind it. Another label, or a random start, gives it something to learn.`,
      broken: false,
    };
  }
  return { sentence: `${fell} Over the ten samples: ${mean}.`, broken: false };
}

/** @param {Lesson} lesson */
const lossOf = ({ name }) => `The loss of ${name}`;
