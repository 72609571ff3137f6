// Random: numbers that are the same ones for the same seed.

/** Numbers from 0 to 1 (xorshift, Marsaglia 2003). @param {number} seed not 0 @returns {Random} */
export function randomFrom(seed) {
  let state = seed * 2654435769;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** A number of mean 0 and standard deviation 1 (Box and Muller 1958). @param {Random} random */
export function normal(random) {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** 0 to n - 1 in some order. @param {number} n @param {Random} random */
export function shuffled(n, random) {
  const order = Array.from({ length: n }, (_, k) => k);
  for (let k = n - 1; k > 0; k--) {
    const other = Math.floor(random() * (k + 1));
    [order[k], order[other]] = [order[other], order[k]];
  }
  return order;
}
