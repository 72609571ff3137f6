// Recognition: what the server reads in a picture, whether it shows one digit or many.

import { askWithPicture, isAbort, sentenceOf } from "../common/server.js";
import { isNoDigit } from "./reading_words.js";

/**
 * A picture with one digit or none is read once more as a single digit: that way is better at it, and
 * says why where it does not answer.
 * @param {File} file
 * @param {string} model
 * @param {number | null} risk which share of the answers may be wrong
 * @param {AbortSignal} signal
 * @returns {Promise<ReadPicture>}
 */
export async function readPicture(file, model, risk, signal) {
  const query = `?model=${encodeURIComponent(model)}${risk === null ? "" : `&risk=${risk}`}`;
  const page = await askWithPicture(`api/read${query}`, file, signal).catch((error) => {
    if (isAbort(error)) throw error;
    return { digits: [], lines: [], reason: sentenceOf(error), failed: error };
  });
  if (page.digits.length > 1) return { ...page, single: false };
  const { answers } = await askWithPicture(`api/predict${query}`, file, signal);
  const [answer] = answers;
  if (!answer.frame || isBlank(answer, page)) {
    if (page.failed) throw page.failed;
    return { ...page, reason: answer.reason ?? page.reason, single: true };
  }
  const likeliest = answer.probabilities.indexOf(Math.max(...answer.probabilities));
  const label = answer.label ?? likeliest;
  const digit = {
    box: answer.box,
    label,
    probability: answer.probabilities[label],
    sure: answer.label !== null,
    line: 0,
    frame: answer.frame,
    reason: answer.reason,
  };
  const lines = [digit.sure ? `${label}` : "?"];
  return { ...page, digits: [digit], lines, reason: null, single: true };
}

/** The stages of a picture's way into the frame. @param {Blob} picture @param {string} model @returns {Promise<FramingStage[]>} */
export async function framingStages(picture, model) {
  const query = `?model=${encodeURIComponent(model)}&stages=1`;
  const { answers } = await askWithPicture(`api/predict${query}`, picture);
  return answers[0].stages ?? [];
}

/**
 * Where nothing stands out, what was found is the whole picture.
 * @param {{ box: Box, reason: string | null }} answer
 * @param {{ width: number, height: number }} picture
 */
function isBlank({ box, reason }, { width, height }) {
  const [left, top, right, bottom] = box;
  return isNoDigit({ reason }) && left === 0 && top === 0 && right === width && bottom === height;
}
