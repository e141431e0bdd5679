/** Draws the next number, 0 ≤ n < 1. */
export type Random = () => number;

/** Two whole numbers → one well-mixed 32-bit number, so that neighbouring days get unrelated seeds. */
export const mixed = (a: number, b: number): number => {
  let h = Math.imul(a ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(b + 0x7f4a7c15, 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 16), 0x45d9f3b);
  return (h ^ (h >>> 15)) >>> 0;
};

/** A generator that always draws the same numbers for the same seed (mulberry32). */
export const randomFrom = (seed: number): Random => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
};

/** About normally distributed: mean 0, deviation 1, never beyond ±6 or so. */
export const bell = (random: Random): number => (random() + random() + random() + random() - 2) * 1.732;

/** The place in `weights` that a draw falls on; heavier places are drawn more often. */
export const weightedPlace = (random: Random, weights: readonly number[]): number => {
  let left = random() * weights.reduce((sum, weight) => sum + weight, 0);
  for (const [place, weight] of weights.entries()) {
    left -= weight;
    if (left < 0) return place;
  }
  return weights.length - 1;
};
