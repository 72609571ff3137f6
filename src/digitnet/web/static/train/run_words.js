// Run words: where a run stands, as people say it.

import { accuracy, duration } from "../common/words.js";

/** @type {Record<string, string>} */
const ENDS = { finished: "Finished", stopped: "Stopped", failed: "The run failed" };

/** @param {Run} run @param {boolean} running */
export function headingOf(run, running) {
  return running ? `Training ${run.name}` : `${ENDS[run.end?.state ?? ""] ?? "Ended"}: ${run.name}`;
}

/** @param {Epoch} epoch */
export function epochWords({ epoch, validation_accuracy: share }) {
  return `Epoch ${epoch} is done${share === null ? "" : `, ${accuracy(share)} right`}.`;
}

/** @param {Preparing | null} preparing */
export function preparingWords(preparing) {
  const { what, done = 0, total } = preparing ?? {};
  if (!what) return "The digits are being read.";
  return `${what}${total ? `, ${Math.round((100 * done) / total)} %` : ""}.`;
}

/** @param {Run} run @param {number | null} secondsLeft */
export function runningWords(run, secondsLeft) {
  const at = Math.min(run.nEpochs, (run.epochs.at(-1)?.epoch ?? 0) + 1);
  const best = bestAccuracy(run);
  const parts = [`Epoch ${at} of ${run.nEpochs}`, run.network];
  if (best !== null) parts.push(`best so far ${accuracy(best)}`);
  if (secondsLeft !== null) {
    parts.push(secondsLeft < 1 ? "nearly done" : `about ${duration(secondsLeft)} left`);
  }
  return parts.join(" · ");
}

/** @param {End | null} end */
export function endWords(end) {
  if (!end) return "";
  const best =
    end.best_epoch && end.validation_accuracy !== null
      ? `, ${accuracy(end.validation_accuracy)} right after epoch ${end.best_epoch}`
      : "";
  const kept = end.model ? `Kept as the model ${end.model}${best}.` : "";
  const reason = end.state === "failed" ? (end.reason ?? "") : "";
  return [reason, kept].filter(Boolean).join(" ");
}

/** The best validation accuracy so far, or null. @param {Run} run */
function bestAccuracy({ epochs }) {
  const shares = epochs.map((epoch) => epoch.validation_accuracy).filter((share) => share !== null);
  return shares.length ? Math.max(...shares) : null;
}
