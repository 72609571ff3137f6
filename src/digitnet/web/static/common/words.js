// Words: numbers and sentences as people say them.

/** @param {number} number */
export const whole = (number) => Math.round(number).toLocaleString("en");

/** @param {number} count @param {string} noun */
export const many = (count, noun) => `${whole(count)} ${noun}${count === 1 ? "" : "s"}`;

/** @param {number | null | undefined} share @param {number} [digits] */
export function accuracy(share, digits) {
  if (share === null || share === undefined) return "not measured";
  return `${(100 * share).toFixed(digits ?? (share > 0.99 ? 2 : 1))} %`;
}

/** @param {number | null | undefined} value */
export function loss(value) {
  if (value === null || value === undefined) return "not measured";
  return value >= 0.1 ? value.toFixed(3) : value.toPrecision(2);
}

/** A probability in a table: as short as can be. @param {number} share */
export function short(share) {
  if (share > 0.9995) return "> 99.9 %";
  if (share < 0.0005) return "< 0.1 %";
  return `${(100 * share).toFixed(1)} %`;
}

/** A probability in words that do not claim too much: never 100 % and never 0 %. @param {number} share */
export function percent(share) {
  return short(share).replace(">", "over").replace("<", "under");
}

/** A number with its sign, two decimals. @param {number} value */
export function signed(value) {
  const text = Math.abs(value).toFixed(2);
  return Number(text) === 0 ? "0.00" : `${value < 0 ? "−" : "+"}${text}`;
}

/** @param {number} value */
export const unsigned = (value) => signed(value).replace("+", "");

/** @param {number} bytes */
export function size(bytes) {
  if (bytes >= 1e6) return `${(bytes / 1e6).toFixed(1)} MB`;
  return `${Math.max(1, Math.round(bytes / 1e3))} kB`;
}

/** A time that nobody knows exactly. @param {number} seconds */
export function duration(seconds) {
  if (seconds < 1) return "less than a second";
  if (seconds < 90) return many(Math.round(seconds), "second");
  if (seconds < 5400) return many(Math.round(seconds / 60), "minute");
  return many(Math.round(seconds / 3600), "hour");
}

/** @param {string} words */
export const capital = (words) => words[0].toUpperCase() + words.slice(1);

/** @param {string} words */
export const sentence = (words) => capital(words) + (/[.!?]$/.test(words) ? "" : ".");
