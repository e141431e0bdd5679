/** The catalogue made anew from what the bucket itself says: its objects and their manifests. */
import { lookAt, type Seen } from "#backup/look.ts";
import { readManifest } from "#backup/manifest.ts";
import { seriesOf } from "#backup/plan/keys.ts";
import type { Manifest } from "#backup/plan/manifest.ts";
import type { ArchiveBucket } from "#bucket/port.ts";
import type { Backup } from "#model/backup.ts";
import type { CataloguedArchive, Series } from "#model/backup-run.ts";
import type { Clock } from "#runtime/clock.ts";
import { limitTo } from "#runtime/limit.ts";
import { archivesOf, judgeArchive, markRemoved, type NewArchive, putArchive } from "#store/archives.ts";
import type { Pool } from "#store/pool.ts";

/** What a rebuild uses. */
export interface CatalogParts {
  readonly pool: Pool;
  readonly bucket: ArchiveBucket;
  readonly clock: Clock;
}

/** What is asked of a rebuild. */
export interface RebuildAsk {
  readonly dryRun: boolean;
  /** Who asks; kept with what is struck out. */
  readonly by: string;
  readonly signal?: AbortSignal;
}

/** What a rebuild found, and wrote unless it was a dry run. */
export interface Rebuilt {
  /** Archives that have a manifest. */
  readonly found: number;
  /** Of these, such as the catalogue didn't know. */
  readonly added: readonly string[];
  /** Known archives that the bucket doesn't have: struck out of the catalogue. */
  readonly struck: readonly string[];
  /** Archives without a manifest: `adopt` brings them in. */
  readonly bare: readonly string[];
  /** Archives whose manifests can't be read. */
  readonly unreadable: readonly { readonly key: string; readonly words: string }[];
  /** Manifests whose archive is gone. */
  readonly orphans: readonly string[];
  readonly foreign: number;
}

/** Rebuilds the catalogue of a backup. Call it under the backup's lock. The bucket is the truth; what only rows knew (a broken archive, a read-back) is kept. */
export const rebuildCatalog = async (backup: Backup, ask: RebuildAsk, parts: CatalogParts): Promise<Rebuilt> => {
  const { pool, bucket } = parts;
  const seen = await lookAt(bucket, backup, ask.signal);
  const known = new Map((await archivesOf(pool, seriesOf(backup))).map((archive) => [archive.key, archive]));
  const read = await readAll(seen, bucket);
  if (!ask.dryRun) {
    for (const manifest of read.manifests) await write(manifest, { backup, seen, known, parts });
  }
  const struck = await strike([...known.values()], seen, { ask, parts });
  return {
    found: read.manifests.length,
    added: read.manifests.map(({ key }) => key).filter((key) => !known.has(key)),
    struck,
    bare: [...seen.archives.keys()].filter((key) => !seen.manifests.has(key)),
    unreadable: read.unreadable,
    orphans: [...seen.manifests].filter((key) => !seen.archives.has(key)),
    foreign: seen.foreign,
  };
};

/** Enough to fill a slow line, few enough that no server calls it a flood. */
const readsAtOnce = 8;

const readAll = async (seen: Seen, bucket: ArchiveBucket) => {
  const limit = limitTo(readsAtOnce);
  const keys = [...seen.manifests].filter((key) => seen.archives.has(key));
  const all = await Promise.all(
    keys.map((key) => limit.run(async () => ({ key, read: await readManifest(bucket, key) }))),
  );
  return {
    manifests: all.flatMap(({ read }) => (read.kind === "manifest" ? [read.manifest] : [])),
    unreadable: all.flatMap(({ key, read }) => {
      if (read.kind === "unknown-version") return [{ key, words: `version ${read.version}` }];
      return read.kind === "broken" ? [{ key, words: read.words }] : [];
    }),
  };
};

interface Around {
  readonly backup: Backup;
  readonly seen: Seen;
  readonly known: ReadonlyMap<string, CataloguedArchive>;
  readonly parts: CatalogParts;
}

const write = async (manifest: Manifest, { backup, seen, known, parts }: Around): Promise<void> => {
  const now = parts.clock.now();
  const before = known.get(manifest.key);
  const isSame = before?.sha256 === manifest.sha256;
  const archive = archiveOf(manifest, seriesOf(backup));
  // What reading the bytes has shown since is better than what the manifest was told when it was written.
  const state = isSame && (before.state === "broken" || before.state === "verified") ? before.state : archive.state;
  const reason = state === archive.state ? archive.reason : (before?.reason ?? null);
  const verifiedAt = archive.verifiedAt ?? (isSame ? before.verifiedAt : null);
  const lastReadAt = isSame ? (before.lastReadAt ?? verifiedAt) : verifiedAt;
  const id = await putArchive(parts.pool, { ...archive, state, reason, verifiedAt, lastSeenAt: now, lastReadAt });
  const bytes = seen.archives.get(manifest.key);
  if (bytes === manifest.bytes || state === "broken") return;
  const found = `it has ${bytes} bytes in the bucket and had ${manifest.bytes} when it was made`;
  await judgeArchive(parts.pool, id, { state: "broken", reason: found, now });
};

/** An archive as its manifest tells it; a suspect one stays suspect until it was accepted. */
export const archiveOf = (manifest: Manifest, { backup, place }: Series): NewArchive => {
  const { key, date, bytes, sha256, suspect, verify, accepted, pin, finishedAt } = manifest;
  const proven = verify === null ? "made" : "verified";
  return {
    ...{ backup, place, key, date, bytes, sha256, pin, madeAt: finishedAt, lockedUntil: null, runId: null },
    ...{ state: suspect === null ? proven : "suspect", reason: suspect ?? accepted },
    ...{ verifiedAt: verify?.at ?? null, lastSeenAt: null, lastReadAt: verify?.at ?? null },
  };
};

/** Strikes out what the bucket doesn't have, each key asked for by itself: a listing that was cut short must not empty the catalogue. */
const strike = async (
  known: readonly CataloguedArchive[],
  seen: Seen,
  { ask, parts }: { readonly ask: RebuildAsk; readonly parts: CatalogParts },
): Promise<readonly string[]> => {
  const { pool, bucket, clock } = parts;
  const limit = limitTo(readsAtOnce);
  const absent = await Promise.all(
    known
      .filter(({ key }) => !seen.archives.has(key))
      .map((archive) => limit.run(async () => ((await bucket.head(archive.key)) === null ? [archive] : []))),
  );
  const gone = absent.flat();
  if (ask.dryRun) return gone.map(({ key }) => key);
  const reason = `not in the bucket when the catalogue was rebuilt (${ask.by})`;
  for (const { id } of gone) await markRemoved(pool, id, { reason, now: clock.now() });
  return gone.map(({ key }) => key);
};
