import type { Temporal } from "#model/time.ts";
import { before } from "#model/time.ts";

/** An archive that a run of ours made outside scratch, on the disk of the host that made it. */
export interface LocalArchive {
  readonly path: string;
  readonly madeAt: Temporal.Instant;
  /** Its copy in the bucket was read back and is the same. */
  readonly verified: boolean;
}

/**
 * Which archives may go from the disk of the host: all that are verified in the bucket but the newest `keep` of all. Only what our own
 * records name is asked about; an archive that somebody else made there isn't ours to remove.
 */
export const planLocal = (archives: readonly LocalArchive[], keep: number): readonly string[] => {
  const newestFirst = [...archives].sort((a, b) => (before(a.madeAt, b.madeAt) ? 1 : -1));
  const kept = new Set(newestFirst.slice(0, keep).map(({ path }) => path));
  const mayGo = newestFirst.slice(keep).filter(({ verified, path }) => verified && !kept.has(path));
  return [...new Set(mayGo.map(({ path }) => path))];
};
