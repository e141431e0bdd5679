/** Chance from a seed, so that a history that went wrong can be told again. */
export interface Chance {
  /** From 0 up to, not including, 1. */
  next(): number;
  is(probability: number): boolean;
  /** A whole number from `min` to `max`, both included. */
  between(min: number, max: number): number;
  of<T>(choices: readonly [T, ...T[]]): T;
}

/** Mulberry32. */
export const chanceOf = (seed: number): Chance => {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  return {
    next,
    is: (probability) => next() < probability,
    between: (min, max) => min + Math.floor(next() * (max - min + 1)),
    of: (choices) => choices[Math.floor(next() * choices.length)] ?? choices[0],
  };
};
