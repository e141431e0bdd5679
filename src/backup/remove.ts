/** Removes archives from their bucket: the intent is written down, the bytes go, then what lies beside them, then the manifest. */

import { manifestKey } from "#backup/plan/keys.ts";
import type { ArchiveBucket, Removal } from "#bucket/port.ts";
import type { CataloguedArchive } from "#model/backup-run.ts";
import type { Clock } from "#runtime/clock.ts";
import type { PassPoint } from "#runtime/point.ts";
import { markRemoved, markRemoving, markSeen, markStaying } from "#store/archives.ts";
import type { Db } from "#store/db.ts";

/** What removing needs. */
export interface RemoveParts {
  readonly pool: Db;
  readonly bucket: Pick<ArchiveBucket, "removeMany" | "head">;
  readonly clock: Clock;
  readonly passPoint: PassPoint;
  /** False when the lock is lost: then not one key more. */
  readonly mayDelete: () => Promise<boolean>;
}

/** An archive that is to go, with what lies beside it. */
export interface Going {
  readonly archive: CataloguedArchive;
  /** Why, in words for its record. */
  readonly why: string;
  readonly beside: readonly string[];
}

/** What became of an archive that was to go. `marked`: its bytes stay in a versioned bucket behind a marker. */
export interface Gone {
  readonly key: string;
  readonly bytes: number;
  readonly outcome: Removal["outcome"];
  readonly words: string;
}

/** What became of all of them; `isLockLost`: the rest was left alone. */
export interface RemovedAll {
  readonly gone: readonly Gone[];
  readonly isLockLost: boolean;
}

/** So many archives go under one look at the lock: fewer than a multi-delete takes, so that a lost lock is noticed in time. */
const batchSize = 100;

const byRetention = "removed by the retention";

/** Removes archives in batches, oldest last; each key's outcome is the bucket's own word. */
export const removeAll = async (going: readonly Going[], parts: RemoveParts): Promise<RemovedAll> => {
  const gone: Gone[] = [];
  for (let at = 0; at < going.length; at += batchSize) {
    const batch = going.slice(at, at + batchSize);
    if (!(await parts.mayDelete())) return { gone, isLockLost: true };
    await markRemoving(parts.pool, idsOf(batch), byRetention);
    await parts.passPoint("prune:removing");
    // Once more, right before the bytes: writing the intent down may have waited for the database.
    if (!(await parts.mayDelete())) return { gone, isLockLost: true };
    const outcomes = await parts.bucket.removeMany(batch.map(({ archive }) => archive.key));
    await parts.passPoint("prune:removed");
    gone.push(...(await settle(batch, outcomes, parts)));
  }
  return { gone, isLockLost: false };
};

const idsOf = (going: readonly Going[]): readonly string[] => going.map(({ archive }) => archive.id);

const isAway = ({ outcome }: Removal): boolean => outcome === "removed" || outcome === "marked";

const settle = async (
  batch: readonly Going[],
  outcomes: readonly Removal[],
  parts: RemoveParts,
): Promise<readonly Gone[]> => {
  const byKey = new Map(outcomes.map((one) => [one.key, one]));
  const outcomeOf = ({ archive: { key } }: Going): Removal =>
    byKey.get(key) ?? { key, outcome: "failed", words: "the bucket said nothing about this key" };
  const away = batch.filter((one) => isAway(outcomeOf(one)));
  const stays = batch.filter((one) => !isAway(outcomeOf(one)));
  await markStaying(parts.pool, idsOf(stays));
  await noteLocks(
    stays.filter((one) => outcomeOf(one).outcome === "locked"),
    parts,
  );
  const left = await removeRest(away, parts);
  return batch.map((one) => {
    const { outcome, words } = outcomeOf(one);
    const rest = left.get(one.archive.key);
    const { key, bytes } = one.archive;
    return rest === undefined ? { key, bytes, outcome, words } : { key, bytes, outcome, words: rest };
  });
};

/** How long a lock holds is asked of the bucket, so that the next plan counts with it. */
const noteLocks = async (locked: readonly Going[], { pool, bucket, clock }: RemoveParts): Promise<void> => {
  for (const { archive } of locked) {
    const head = await bucket.head(archive.key);
    if (head !== null) await markSeen(pool, [{ id: archive.id, lockedUntil: head.lockedUntil }], clock.now());
  }
};

/** Removes what belonged to archives whose bytes are gone. The words of what is left, by the archive's key; that is tried again next time. */
const removeRest = async (away: readonly Going[], parts: RemoveParts): Promise<ReadonlyMap<string, string>> => {
  const left = new Map<string, string>();
  if (away.length === 0) return left;
  const owner = new Map(
    away.flatMap(({ archive: { key }, beside }) => [...beside, manifestKey(key)].map((rest) => [rest, key] as const)),
  );
  for (const { key, outcome, words } of await parts.bucket.removeMany([...owner.keys()])) {
    if (outcome === "failed" || outcome === "locked") left.set(owner.get(key) ?? key, `${key} is left: ${words}`);
  }
  await parts.passPoint("prune:manifests");
  for (const { archive, why } of away) {
    if (left.has(archive.key)) continue;
    await markRemoved(parts.pool, archive.id, { reason: why, now: parts.clock.now() });
  }
  return left;
};

/** Ends removals that a crash has cut off: bytes that were about to go and are gone take the rest with them; what is still there stays. */
export const finishRemovals = async (
  begun: readonly { readonly archive: CataloguedArchive; readonly beside: readonly string[] }[],
  parts: RemoveParts,
): Promise<ReadonlySet<string>> => {
  const finished = new Set<string>();
  for (const { archive, beside } of begun) {
    // A listing alone isn't believed: one that was cut short would make this a loss.
    const isThere = (await parts.bucket.head(archive.key)) !== null;
    if (!(await parts.mayDelete())) return finished;
    if (isThere) {
      await markStaying(parts.pool, [archive.id]);
      continue;
    }
    const left = await removeRest([{ archive, beside, why: archive.removing ?? byRetention }], parts);
    if (left.size === 0) finished.add(archive.id);
  }
  return finished;
};
