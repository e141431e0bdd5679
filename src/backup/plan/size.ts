/** What the size of a new archive says. */
export type SizeVerdict = { readonly suspect: false } | { readonly suspect: true; readonly reason: string };

/** An archive smaller than this share of its forerunners is held to be cut off until somebody says otherwise. */
const LEAST = 0.5;

/** So many forerunners are asked: enough that one odd one doesn't decide, few enough to follow a growing server. */
const ASKED = 5;

const median = (sizes: readonly number[]): number => {
  const sorted = [...sizes].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low = 0, high = 0] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return (low + high) / 2;
};

const units = ["bytes", "kB", "MB", "GB", "TB"] as const;

/** `1536` → `1.5 kB`. */
export const bytesInWords = (bytes: number): string => {
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  const amount = bytes / 1024 ** power;
  return `${amount >= 100 || power === 0 ? Math.round(amount) : Math.round(amount * 10) / 10} ${units[power]}`;
};

/**
 * Whether an archive is suspiciously small beside the sizes of the last good ones, newest first; the first archive of a backup can't
 * be. Good are the verified ones and those that an operator accepted.
 */
export const judgeSize = (bytes: number, lastGood: readonly number[]): SizeVerdict => {
  const asked = lastGood.slice(0, ASKED);
  if (asked.length === 0) return { suspect: false };
  const usual = median(asked);
  if (bytes >= usual * LEAST) return { suspect: false };
  const share = Math.floor((bytes / usual) * 100);
  const count = asked.length === 1 ? "the last one" : `the last ${asked.length}`;
  return {
    suspect: true,
    reason: `${bytesInWords(bytes)} is only ${share} % of the median of ${count}, ${bytesInWords(usual)}`,
  };
};
