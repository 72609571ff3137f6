// Words: numbers as people say them.

export const whole = (number) => Math.round(number).toLocaleString("en");

export const accuracy = (share, digits = share > 0.99 ? 2 : 1) =>
  share === null || share === undefined ? "not measured" : `${(100 * share).toFixed(digits)} %`;

export function loss(value) {
  if (value === null || value === undefined) return "not measured";
  return value >= 0.1 ? value.toFixed(3) : value.toPrecision(2);
}

export function size(bytes) {
  if (bytes >= 1e6) return `${(bytes / 1e6).toFixed(1)} MB`;
  return `${Math.max(1, Math.round(bytes / 1e3))} kB`;
}

// A time that nobody knows exactly.
export function duration(seconds) {
  if (seconds < 1) return "less than a second";
  if (seconds < 90) return many(Math.round(seconds), "second");
  if (seconds < 5400) return many(Math.round(seconds / 60), "minute");
  return many(Math.round(seconds / 3600), "hour");
}

export const many = (count, noun) => `${whole(count)} ${noun}${count === 1 ? "" : "s"}`;
