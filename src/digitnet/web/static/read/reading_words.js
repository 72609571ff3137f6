// Reading words: what was read in a picture, as people say it.

import { capital, many, percent } from "../common/words.js";

const NO_DIGIT = "no digit"; // how the server's reason begins where there is none

/** @param {{ reason?: string | null }} answer */
export const isNoDigit = ({ reason }) => Boolean(reason?.startsWith(NO_DIGIT));

/** What a digit is called aloud. @param {ReadPicture} page @param {number} index */
export function nameOf(page, index) {
  const digit = page.digits[index];
  const number = page.digits.slice(0, index).filter(({ line }) => line === digit.line).length + 1;
  const place = page.single ? "" : `, line ${digit.line + 1}, digit ${number}`;
  if (digit.corrected !== undefined) return `${digit.corrected}, corrected${place}`;
  if (isNoDigit(digit)) return `${NO_DIGIT}${place}`;
  return `${digit.label}${digit.sure ? "" : ", unsure"}${place}`;
}

/** What stands on a digit's box. @param {Digit} digit */
export function shortReading(digit) {
  if (digit.corrected !== undefined) return `${digit.corrected} ✓`;
  if (isNoDigit(digit)) return "?";
  return digit.sure ? `${digit.label}` : `${digit.label}?`;
}

/** What one digit was read as. @param {Digit} digit */
export function readingOf({ label, probability, sure, reason, corrected }) {
  let read = `Unsure; likeliest a ${label}, ${percent(probability)}.`;
  if (sure) read = `Read as ${label}, ${percent(probability)} likely.`;
  else if (reason) read = `${capital(reason)}. Nearest to a ${label}.`;
  return corrected === undefined ? read : `${read} You said ${corrected}.`;
}

/** The lines as text, with what was corrected since. @param {ReadPicture} page */
export function linesOf(page) {
  const digits = [...page.digits];
  // In a page's lines, a ? is a mark between the digits and no digit of its own.
  return page.lines.map((line) =>
    line.replace(page.single ? /[0-9?]/g : /[0-9]/g, (letter) => {
      const digit = digits.shift();
      return digit?.corrected === undefined ? letter : `${digit.corrected}`;
    }),
  );
}

/** Which lines are unsure, a sentence each; one in which something was corrected is none. @param {ReadPicture} page */
export function doubtsOf({ line_doubts: doubts = [], single, digits }) {
  if (single) return [];
  const corrected = new Set(digits.filter((one) => one.corrected !== undefined).map(({ line }) => line));
  return doubts.flatMap((doubt, k) => (doubt && !corrected.has(k) ? [`Line ${k + 1} is ${doubt}.`] : []));
}

/** What is promised of the lines of a page, in a sentence; "" where nothing is. @param {ReadPicture} page */
export function promiseOf({ promised, single, lines }) {
  if (single || !lines.length || !promised?.characters || !promised.lines) return "";
  const most = `${percent(promised.characters)} of the characters and ${percent(promised.lines)} of the lines`;
  return ` Of what is not unsure at most ${most} are wrong, counted on made pages.`;
}

/** What was found, in a sentence; what to do next; and how good that is. @param {ReadPicture} page @returns {{ found: string, advice: string, kind: "good" | "warn" }} */
export function summaryOf({ digits, single, reason }) {
  const unsure = digits.filter(({ sure }) => !sure).length;
  if (!digits.length) return { found: `${capital(reason ?? "no digits")}.`, advice: "", kind: "warn" };
  const advice = single
    ? " Is it another? Type the right digit."
    : " Choose one by pointer or arrow keys to look closer or to correct it.";
  if (single && isNoDigit(digits[0])) {
    return { found: `${capital(digits[0].reason ?? NO_DIGIT)}.`, advice, kind: "warn" };
  }
  const some = unsure === digits.length ? "" : `${unsure} of them `;
  const doubt = unsure ? `, ${some}unsure` : "";
  return {
    found: `${many(digits.length, "digit")} found${doubt}.`,
    advice,
    kind: unsure ? "warn" : "good",
  };
}
