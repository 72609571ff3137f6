// Recognition: what the server reads in a picture, as digits with boxes, whether it shows one or many.

import { ask } from "../common/server.js";

// {width, height, digits: [{box, label, probability, sure, line, frame, reason}], lines, reason,
// single}. A picture with one digit or none is read once more as a single digit: that way is
// better at it, and says why where it does not answer.
export async function readPicture(file, model, signal) {
  const query = `?model=${encodeURIComponent(model)}`;
  const options = {
    method: "POST",
    body: file,
    signal,
    headers: { "Content-Type": file.type || "application/octet-stream" },
  };
  const page = await ask(`api/read${query}`, options).catch((error) => {
    if (error.name === "AbortError") throw error;
    return { digits: [], lines: [], reason: error.message, failed: error };
  });
  if (page.digits.length > 1) return { ...page, single: false };
  const { answers } = await ask(`api/predict${query}`, options);
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
  return {
    ...page,
    digits: [digit],
    lines: [answer.label === null ? "?" : `${label}`],
    reason: null,
    single: true,
  };
}

// The stages of a picture's way into the frame: [{title, image}].
export async function stagesOf(picture, model) {
  const query = `?model=${encodeURIComponent(model)}&stages=1`;
  const headers = { "Content-Type": picture.type || "application/octet-stream" };
  const { answers } = await ask(`api/predict${query}`, { method: "POST", body: picture, headers });
  return answers[0].stages ?? [];
}

// Where nothing stands out, what was found is the whole picture.
function isBlank({ box, reason }, { width, height }) {
  const [left, top, right, bottom] = box;
  return (
    Boolean(reason?.startsWith("no digit")) && left === 0 && top === 0 && right === width && bottom === height
  );
}
