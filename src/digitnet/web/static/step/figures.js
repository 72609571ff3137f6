// Figures: numbers of a step as words: three figures, and a minus that is one.

/** Three figures, whatever its size. @param {number} value */
export function figure(value) {
  if (value === 0) return "0";
  if (!Number.isFinite(value)) return "no number";
  const size = Math.abs(value);
  const isOdd = size < 0.001 || size >= 1e6;
  const text = isOdd ? size.toExponential(1) : size >= 1000 ? size.toFixed(0) : size.toPrecision(3);
  return `${value < 0 ? "−" : ""}${text.replace("e-", "e−").replace("e+", "e")}`;
}

/** Three decimals, for numbers in a column. @param {number} value */
export function decimals(value) {
  const text = Math.abs(value).toFixed(3);
  return value < 0 && Number(text) !== 0 ? `−${text}` : text;
}

/** A product and what it makes: "0.970 × −0.120 = −0.116". @param {number[]} factors */
export function productInWords(factors) {
  return `${factors.map(figure).join(" × ")} = ${figure(factors.reduce((a, b) => a * b))}`;
}

/** A loss in nats. @param {number} value */
export function nats(value) {
  if (!Number.isFinite(value)) return "no number";
  return value >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 3);
}
