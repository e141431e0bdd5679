/** How a wait grows: `baseMs` before the first retry, doubled for each further one, never above `maxMs`. */
export interface Backoff {
  readonly baseMs: number;
  readonly maxMs: number;
}

/**
 * Milliseconds to wait after the `tries`-th failure in a row (from 1), with full jitter: anything from nothing up to the bound, so
 * that many who failed together don't come back together. `random` lies in [0, 1).
 */
export const backoffMs = ({ baseMs, maxMs }: Backoff, tries: number, random: number): number => {
  const bound = Math.min(maxMs, baseMs * 2 ** Math.max(0, tries - 1));
  return Math.floor(bound * Math.min(Math.max(random, 0), 1));
};
