// Examples: one digit of each, for those who would rather see than draw.

// Control points of each stroke in a square of 100, y downwards; a smooth line goes through them.
const DRAWN = [
  ["52 14, 32 24, 26 50, 34 78, 52 86, 70 76, 75 50, 68 24, 50 14"],
  ["57 13, 55 38, 52 62, 50 87"],
  ["28 30, 36 17, 54 13, 68 24, 64 44, 44 66, 26 84, 26 84, 50 83, 75 84"],
  ["28 20, 48 13, 66 22, 62 38, 46 47, 46 47, 68 54, 71 72, 54 86, 28 81"],
  ["60 14, 44 38, 27 60, 27 60, 50 60, 77 58", "62 40, 60 62, 58 88"],
  ["68 16, 36 17, 36 17, 32 46, 32 46, 52 42, 70 54, 68 76, 48 87, 27 80"],
  ["62 13, 42 32, 30 58, 34 80, 52 87, 68 78, 66 60, 50 54, 33 66"],
  ["26 18, 50 18, 75 16, 75 16, 58 46, 46 86"],
  ["66 24, 50 13, 34 24, 42 42, 60 54, 69 72, 52 87, 33 75, 40 56, 60 40, 66 24"],
  ["66 34, 54 15, 36 20, 31 38, 44 50, 62 42, 66 30, 66 30, 65 58, 58 87"],
];
const RADIUS = 0.034;
const STEPS = 10; // between two control points

/** The strokes of an example, in a square of 1. @param {number} digit @returns {Stroke[]} */
export function example(digit) {
  return DRAWN[digit].map((stroke) => {
    const points = stroke.split(", ").map((pair) => pair.split(" ").map((n) => Number(n) / 100));
    return smooth(points).map(([x, y]) => ({ x, y, r: RADIUS }));
  });
}

/** A line through the points (Catmull and Rom 1974); a point given twice is a corner. @param {number[][]} points */
export function smooth(points) {
  const line = [points[0]];
  for (let k = 0; k + 1 < points.length; k++) {
    const [b, c] = [points[k], points[k + 1]];
    if (b.every((n, axis) => n === c[axis])) continue;
    const [a, d] = [points[k - 1] ?? b, points[k + 2] ?? c];
    for (let step = 1; step <= STEPS; step++) {
      const t = step / STEPS;
      line.push(
        b.map(
          (_, axis) =>
            0.5 *
            (2 * b[axis] +
              (c[axis] - a[axis]) * t +
              (2 * a[axis] - 5 * b[axis] + 4 * c[axis] - d[axis]) * t ** 2 +
              (3 * b[axis] - a[axis] - 3 * c[axis] + d[axis]) * t ** 3),
        ),
      );
    }
  }
  return line;
}
