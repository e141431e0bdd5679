/** Rotates a backup: what is known of its archives and what its bucket shows are put to the plan, and what the plan lets go is removed. */
import { endStrayUploads } from "#backup/janitor.ts";
import { lookAt, type Seen, uncatalogued } from "#backup/look.ts";
import { readManifest } from "#backup/manifest.ts";
import { keyReader, seriesOf } from "#backup/plan/keys.ts";
import { keepsAllOf } from "#backup/plan/policy.ts";
import type { Refusal } from "#backup/plan/rails.ts";
import { removalInWords } from "#backup/plan/reasons.ts";
import { planRotation, type Rotation, type RotationFacts } from "#backup/plan.ts";
import { finishRemovals, type Gone, removeAll } from "#backup/remove.ts";
import type { ArchiveBucket } from "#bucket/port.ts";
import type { Backup, Retention } from "#model/backup.ts";
import type { CataloguedArchive } from "#model/backup-run.ts";
import type { Clock } from "#runtime/clock.ts";
import { limitTo } from "#runtime/limit.ts";
import type { Log } from "#runtime/log.ts";
import type { PassPoint } from "#runtime/point.ts";
import { archivesOf, judgeArchive, markSeen, pinArchive } from "#store/archives.ts";
import { approvedPolicy, approvePolicy } from "#store/backup-policies.ts";
import type { Pool } from "#store/pool.ts";

/** What is asked of a rotation. */
export interface PruneAsk {
  /** Asks whether the lock of the backup is still ours; asked right before each removal. */
  readonly mayDelete: () => Promise<boolean>;
  /** The archive that the run which rotates has made and verified; `null`: an operator rotates. */
  readonly thisRun: string | null;
  /** Date of the newest slot that must have its verified archive by now; `null`: none must. */
  readonly owed: string | null;
  /** Only says what it would do; nothing is changed in the bucket. */
  readonly dryRun: boolean;
  readonly allowDelete: number | null;
  /** Who approves the retention as it now stands; `null`: nobody was asked. */
  readonly confirmedBy: string | null;
  readonly signal?: AbortSignal;
}

/** What a rotation uses. */
export interface PruneParts {
  readonly pool: Pool;
  readonly bucket: ArchiveBucket;
  readonly clock: Clock;
  readonly log: Log;
  readonly passPoint: PassPoint;
}

/** What a rotation decided and did. */
export interface PruneReport {
  readonly rotation: Rotation;
  /** Rails that refused, and a lock that was lost on the way. */
  readonly refusals: readonly Refusal[];
  readonly archives: readonly CataloguedArchive[];
  /** What became of each archive that was to go; empty for a dry run or after a refusal. */
  readonly gone: readonly Gone[];
  readonly freedBytes: number;
  /** Of archives that a versioned bucket still stores behind a marker: nothing came free. */
  readonly markedBytes: number;
  /** Keys of abandoned uploads that were ended. */
  readonly endedUploads: readonly string[];
  /** Other tools' objects below the prefix; they are never touched. */
  readonly foreign: number;
  /** What an operator should know beside. */
  readonly notes: readonly string[];
}

/** Rotates. Nothing is removed when a rail refuses; partial failures are in the report key by key, never thrown. */
export const prune = async (backup: Backup, ask: PruneAsk, parts: PruneParts): Promise<PruneReport> => {
  const gathered = await gather(backup, ask, parts);
  await parts.passPoint("prune:planned");
  const { rotation, facts, seen, archives, notes } = gathered;
  const begun = { rotation, archives, foreign: seen.foreign };
  const idle = { gone: [], freedBytes: 0, markedBytes: 0, endedUploads: [] };
  if (ask.dryRun) return { ...begun, ...idle, refusals: rotation.refusals, notes };
  const endedUploads = (await ask.mayDelete())
    ? (await endStrayUploads(backup, facts.serverNow ?? facts.now, parts)).map(({ key }) => key)
    : [];
  if (rotation.refusals.length > 0) return { ...begun, ...idle, endedUploads, refusals: rotation.refusals, notes };
  await approve(backup, facts, { ask, parts });
  const { gone, isLockLost } = await removeAll(goingOf(gathered), { ...parts, mayDelete: ask.mayDelete });
  parts.log.info("backup.pruned", { backup: backup.name, removed: gone.length, kept: rotation.keep.length });
  return {
    ...begun,
    ...{ gone, endedUploads, refusals: isLockLost ? [lockLost] : [] },
    freedBytes: bytesOf(gone, "removed"),
    markedBytes: bytesOf(gone, "marked"),
    notes: [...notes, ...(gone.length === 0 ? [] : await lookAgain(backup, gathered, { gone, parts, ask }))],
  };
};

const lockLost: Refusal = {
  rail: "lock-lost",
  words: "The lock of this backup was lost on the way, so somebody else may be at work; the rest was left alone.",
  hint: "look whether the database was restarted; it is tried again",
};

const bytesOf = (gone: readonly Gone[], outcome: Gone["outcome"]): number =>
  gone.filter((one) => one.outcome === outcome).reduce((sum, { bytes }) => sum + bytes, 0);

/** What is known, and what the plan made of it. */
interface Gathered {
  readonly facts: RotationFacts;
  readonly rotation: Rotation;
  readonly seen: Seen;
  readonly archives: readonly CataloguedArchive[];
  readonly notes: readonly string[];
}

const gather = async (backup: Backup, ask: PruneAsk, parts: PruneParts): Promise<Gathered> => {
  const { now: serverNow } = await parts.bucket.traits();
  const now = parts.clock.now();
  const seen = await lookAt(parts.bucket, backup, ask.signal);
  await parts.passPoint("prune:listed");
  const known = await archivesOf(parts.pool, seriesOf(backup));
  const read = keyReader(backup);
  const own = known.filter(({ key }) => read(key)?.kind === "archive");
  const archives = await reconcile(own, seen, { ask, parts });
  const facts: RotationFacts = {
    ...{ archives, now, serverNow, thisRun: ask.thisRun, owed: ask.owed, allowDelete: ask.allowDelete },
    listing: { archives: new Set(seen.archives.keys()), manifests: seen.manifests },
    unreadable: [],
    retention: backup.retention,
    approved: (await approvedPolicy(parts.pool, seriesOf(backup)))?.retention ?? null,
    confirmed: ask.confirmedBy !== null,
  };
  const notes = notesOf({ strangers: known.length - own.length, unknown: uncatalogued(seen, own).length }, backup);
  const examined = await examine(facts, archives, parts);
  return { ...examined, seen, notes };
};

const notesOf = (
  counts: { readonly strangers: number; readonly unknown: number },
  backup: Backup,
): readonly string[] => [
  ...(counts.strangers === 0
    ? []
    : [`${counts.strangers} archives have another name than the backup's now and are left alone.`]),
  ...(counts.unknown === 0
    ? []
    : [
        `${counts.unknown} archives in the bucket aren't in the catalogue: daybreak backup catalog rebuild ${backup.name}`,
      ]),
];

interface Around {
  readonly ask: PruneAsk;
  readonly parts: PruneParts;
}

/** Brings the catalogue up to what the bucket shows. A dry run changes rows as little as objects. */
const reconcile = async (
  archives: readonly CataloguedArchive[],
  seen: Seen,
  { ask, parts }: Around,
): Promise<readonly CataloguedArchive[]> => {
  // What an interrupted removal has left is no loss, and is cleared away by the next removal.
  if (ask.dryRun) return archives.filter(({ key, removing }) => removing === null || seen.archives.has(key));
  const begun = archives
    .filter(({ removing }) => removing !== null)
    .map((archive) => ({ archive, beside: seen.beside.get(archive.key) ?? [] }));
  const finished = await finishRemovals(begun, { ...parts, mayDelete: ask.mayDelete });
  const left = archives.filter(({ id }) => !finished.has(id));
  const there = left.filter(({ key }) => seen.archives.has(key));
  await markSeen(parts.pool, there, parts.clock.now());
  for (const archive of left) await judge(archive, seen.archives.get(archive.key) ?? null, parts);
  const first = left[0];
  return first === undefined ? [] : await stillThere(first, left, parts);
};

/** The rows as they now are; of the same archives, since others may have come. */
const stillThere = async (
  { backup, place }: CataloguedArchive,
  left: readonly CataloguedArchive[],
  { pool }: PruneParts,
): Promise<readonly CataloguedArchive[]> => {
  const ids = new Set(left.map(({ id }) => id));
  return (await archivesOf(pool, { backup, place })).filter(({ id }) => ids.has(id));
};

const judge = async (
  archive: CataloguedArchive,
  bytes: number | null,
  { pool, bucket, clock }: PruneParts,
): Promise<void> => {
  if (bytes === archive.bytes || archive.state === "broken") return;
  if (bytes !== null) {
    const reason = `it has ${bytes} bytes in the bucket and had ${archive.bytes} when it was made`;
    await judgeArchive(pool, archive.id, { state: "broken", reason, now: clock.now() });
    return;
  }
  // The object itself is asked before it is called missing; a listing that was cut short is a refusal of its own.
  if (archive.state === "missing" || (await bucket.head(archive.key)) !== null) return;
  await judgeArchive(pool, archive.id, { state: "missing", reason: "the bucket doesn't have it any more" });
};

/** Plans, reads the manifests of all that would go, and plans again when one of them says something that the catalogue doesn't. */
const examine = async (
  facts: RotationFacts,
  archives: readonly CataloguedArchive[],
  parts: PruneParts,
): Promise<Pick<Gathered, "facts" | "rotation" | "archives">> => {
  const rotation = planRotation(facts);
  const going = new Set(rotation.remove.map(({ key }) => key));
  const limit = limitTo(8);
  const found = await Promise.all(
    archives.filter(({ key }) => going.has(key)).map((archive) => limit.run(() => askManifest(archive, parts))),
  );
  const unreadable = found.flatMap((one) => (one !== null && "words" in one ? [one] : []));
  const pins = new Map(found.flatMap((one) => (one !== null && "pin" in one ? [[one.key, one.pin] as const] : [])));
  if (unreadable.length === 0 && pins.size === 0) return { facts, rotation, archives };
  const pinned = archives.map((one) => ({ ...one, pin: pins.get(one.key) ?? one.pin }));
  const again = { ...facts, archives: pinned, unreadable };
  return { facts: again, rotation: planRotation(again), archives: pinned };
};

type Objection = { readonly key: string; readonly words: string } | { readonly key: string; readonly pin: string };

/** What an archive's manifest says against its removal: that it can't be read, that it speaks of other bytes, or that it is pinned. */
const askManifest = async (archive: CataloguedArchive, { bucket, pool }: PruneParts): Promise<Objection | null> => {
  const { key, sha256 } = archive;
  const read = await readManifest(bucket, key);
  switch (read.kind) {
    case "none":
      return archive.state === "verified" ? { key, words: "it is gone" } : null;
    case "unknown-version":
      return { key, words: `version ${read.version}` };
    case "broken":
      return archive.state === "verified" ? { key, words: read.words } : null;
    case "manifest":
      break;
  }
  if (read.manifest.sha256 !== sha256) return { key, words: "its SHA-256 isn't the catalogue's" };
  if (read.manifest.pin === null || archive.pin !== null) return null;
  await pinArchive(pool, archive.id, read.manifest.pin);
  return { key, pin: read.manifest.pin };
};

/** Records the retention under which archives may be removed, where it isn't the one that is recorded. */
const approve = async (backup: Backup, facts: RotationFacts, { ask, parts }: Around): Promise<void> => {
  const { retention, approved, now } = facts;
  if (approved !== null && isSame(approved, retention)) return;
  // A shorter one under which nothing goes today would remove something tomorrow: that is then asked.
  if (approved !== null && ask.confirmedBy === null && !keepsAllOf(approved, retention)) return;
  await approvePolicy(parts.pool, seriesOf(backup), { retention, approvedAt: now, approvedBy: ask.confirmedBy });
};

const isSame = (a: Retention, b: Retention): boolean => keepsAllOf(a, b) && keepsAllOf(b, a);

const goingOf = ({ rotation, archives, seen }: Gathered) => {
  const byKey = new Map(archives.map((archive) => [archive.key, archive]));
  return rotation.remove.flatMap(({ key, reason }) => {
    const archive = byKey.get(key);
    return archive === undefined ? [] : [{ archive, why: removalInWords(reason), beside: seen.beside.get(key) ?? [] }];
  });
};

/** Lists once more: what was to go must be gone, and nothing else may be. */
const lookAgain = async (
  backup: Backup,
  before: Gathered,
  { gone, parts, ask }: Around & { readonly gone: readonly Gone[] },
): Promise<readonly string[]> => {
  const after = await lookAt(parts.bucket, backup, ask.signal);
  const away = new Set(
    gone.filter(({ outcome }) => outcome === "removed" || outcome === "marked").map(({ key }) => key),
  );
  const still = [...away].filter((key) => after.archives.has(key));
  const lost = [...before.seen.archives.keys()].filter((key) => !away.has(key) && !after.archives.has(key));
  return [
    ...still.map((key) => `“${key}” was removed, and the bucket still lists it.`),
    ...lost.map((key) => `“${key}” was to stay, and the bucket doesn't list it any more: somebody else removed it.`),
  ];
};
