/** Which kept archives are looked at, read again or rehearsed with, and whether a backup is late: decided here, done elsewhere. */
import type { CataloguedArchive } from "#model/backup-run.ts";
import { before, later, msBetween, type Temporal } from "#model/time.ts";

const DAY_MS = 86_400_000;

/** Archives that the bucket has to be asked for: nobody has for a day. */
export const planLooks = (
  archives: readonly CataloguedArchive[],
  now: Temporal.Instant,
): readonly CataloguedArchive[] =>
  archives.filter(({ lastSeenAt }) => lastSeenAt === null || msBetween(lastSeenAt, now) >= DAY_MS);

/** What is known when archives are to be read again. */
export interface RereadFacts {
  readonly archives: readonly CataloguedArchive[];
  readonly bytesPerDay: number;
  readonly now: Temporal.Instant;
}

/**
 * Archives to read again now, longest unproven first, as far as the day's budget goes. One that is larger than the budget of a day
 * waits until it has been saved up, so that it isn't left out for ever.
 */
export const planRereads = ({ archives, bytesPerDay, now }: RereadFacts): readonly CataloguedArchive[] => {
  if (bytesPerDay <= 0) return [];
  const readable = archives.filter(({ state }) => state !== "missing" && state !== "removed" && state !== "broken");
  const old = readable.filter(({ madeAt }) => msBetween(madeAt, now) >= DAY_MS);
  const chosen: CataloguedArchive[] = [];
  // What is left of the budget of each of the days before is gone, but for the one large archive at the head of the queue.
  let left = bytesPerDay - spentSince(old, later(now, -DAY_MS));
  for (const archive of [...old].sort(byProof)) {
    if (msBetween(provenAt(archive), now) < DAY_MS) break;
    if (archive.bytes > left) {
      if (chosen.length === 0 && isSavedUp(archive, old, { bytesPerDay, now })) chosen.push(archive);
      break;
    }
    chosen.push(archive);
    left -= archive.bytes;
  }
  return chosen;
};

const provenAt = ({ lastReadAt, verifiedAt, madeAt }: CataloguedArchive): Temporal.Instant =>
  lastReadAt ?? verifiedAt ?? madeAt;

const byProof = (a: CataloguedArchive, b: CataloguedArchive): number =>
  msBetween(provenAt(b), provenAt(a)) || (a.key < b.key ? -1 : 1);

const spentSince = (archives: readonly CataloguedArchive[], since: Temporal.Instant): number =>
  archives.reduce(
    (sum, { lastReadAt, bytes }) => sum + (lastReadAt !== null && before(since, lastReadAt) ? bytes : 0),
    0,
  );

const isSavedUp = (
  { bytes }: CataloguedArchive,
  archives: readonly CataloguedArchive[],
  { bytesPerDay, now }: Pick<RereadFacts, "bytesPerDay" | "now">,
): boolean => {
  if (bytes <= bytesPerDay) return false;
  const days = Math.ceil(bytes / bytesPerDay);
  return spentSince(archives, later(now, -days * DAY_MS)) === 0;
};

/** The archives that a restore is rehearsed with: the newest proven one, and an older one that chance chooses (`random` in [0, 1)). */
export const planDrill = (archives: readonly CataloguedArchive[], random: number): readonly CataloguedArchive[] => {
  const [newest, ...older] = archives
    .filter(({ state }) => state === "verified")
    .sort((a, b) => msBetween(a.madeAt, b.madeAt) || (a.key < b.key ? 1 : -1));
  const other = older[Math.floor(random * older.length)];
  return [newest, other].filter((archive) => archive !== undefined);
};

/** What is known when somebody asks whether a backup is late. */
export interface LateFacts {
  /** When the newest archive was due that should be there by now; `null`: none was due yet. */
  readonly due: Temporal.Instant | null;
  readonly archives: readonly CataloguedArchive[];
  /** A backup that is only asked for, never read back, is as good as it gets when it is made. */
  readonly needsProof: boolean;
}

/** True when no archive made since then is proven. */
export const isLate = ({ due, archives, needsProof }: LateFacts): boolean =>
  due !== null &&
  !archives.some(
    ({ state, madeAt }) => (state === "verified" || (!needsProof && state === "made")) && !before(madeAt, due),
  );

/** Two hours beyond the longest that a run normally takes. */
export const graceMs = (durationsMs: readonly number[], withoutAny: number): number =>
  2 * 3_600_000 + (durationsMs.length === 0 ? withoutAny : Math.max(...durationsMs));
