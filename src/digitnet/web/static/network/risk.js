// Risk: how likely the likeliest class must be, for the share of wrong answers that is allowed.

/** The risk that stands for an answer to everything. */
export const ALWAYS = 0;

/**
 * What a risk takes: the least strict threshold whose bound it reaches, else the strictest. Rows are
 * [least probability, bound], the strictest first.
 * @param {Model} model
 * @param {number} risk
 */
function rowAt({ risks }, risk) {
  return risks.findLast(([, bound]) => bound <= risk) ?? risks[0];
}

/** @param {Model} model @param {number | null} risk null as the model was made */
export function leastProbability(model, risk) {
  if (risk === ALWAYS) return 0;
  return risk === null || model.risks.length === 0 ? model.leastProbability : rowAt(model, risk)[0];
}

/** Whether a model promises that no more than this share of its answers is wrong. @param {Model} model @param {number} risk */
export function isPromised(model, risk) {
  return model.risks.length > 0 && rowAt(model, risk)[1] <= risk;
}
