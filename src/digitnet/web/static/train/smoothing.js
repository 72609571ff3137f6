// Smoothing: the losses of single steps as a line one can follow, and a band in which half of them lie.

const FEWEST = 8; // steps from which on they are smoothed
const SHARE = 1 / 48; // of all steps, that are taken on either side

/**
 * The mean of the steps around each, and their quarters. At both ends a window is cut short, so the
 * line reaches as far as the steps do.
 * @param {[number, number][]} steps epochs done, and loss
 * @returns {{ points: [number, number][], band: [number, number, number][] }}
 */
export function bandOf(steps) {
  const known = steps.filter(([, loss]) => Number.isFinite(loss));
  const half = known.length < FEWEST ? 0 : Math.ceil(known.length * SHARE);
  /** @type {[number, number][]} */
  const points = [];
  /** @type {[number, number, number][]} */
  const band = [];
  known.forEach(([epoch], i) => {
    const around = known.slice(Math.max(0, i - half), i + half + 1).map(([, loss]) => loss);
    around.sort((a, b) => a - b);
    const mean = around.reduce((sum, loss) => sum + loss, 0) / around.length;
    const last = around.length - 1;
    points.push([epoch, mean]);
    band.push([
      epoch,
      Math.min(mean, around[Math.floor(last / 4)]),
      Math.max(mean, around[Math.ceil((3 * last) / 4)]),
    ]);
  });
  return { points, band };
}
