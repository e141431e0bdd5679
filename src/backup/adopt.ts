/** Archives that were there before Daybreak: read whole, hashed, given a manifest, and so brought under the rotation. */
import { createHash } from "node:crypto";
import { archiveOf } from "#backup/catalog.ts";
import { lookAt } from "#backup/look.ts";
import { readManifest, writeManifest } from "#backup/manifest.ts";
import { keyReader, seriesOf } from "#backup/plan/keys.ts";
import type { Manifest } from "#backup/plan/manifest.ts";
import { judgeSize } from "#backup/plan/size.ts";
import { FIRST_BYTES, isWhole, LAST_BYTES, recognise } from "#backup/produce/signature.ts";
import type { ArchiveBucket, ObjectHead } from "#bucket/port.ts";
import type { Backup } from "#model/backup.ts";
import type { CataloguedArchive } from "#model/backup-run.ts";
import { msBetween } from "#model/time.ts";
import type { Clock } from "#runtime/clock.ts";
import { limitTo } from "#runtime/limit.ts";
import { archivesOf, judgeArchive, putArchive } from "#store/archives.ts";
import type { Pool } from "#store/pool.ts";

/** What adopting uses. */
export interface AdoptParts {
  readonly pool: Pool;
  readonly bucket: ArchiveBucket;
  readonly clock: Clock;
  /** This program with its version, for manifests. */
  readonly madeBy: string;
  /** Told of each archive before it is read, and how far it is. */
  readonly onProgress?: (key: string, bytes: number, of: number) => void;
}

/** What was decided about one archive without a manifest. */
export interface Adopted {
  readonly key: string;
  readonly date: string;
  readonly bytes: number;
  /** `would`: a dry run. `waits`: it was written within the last minutes. `differs`: it isn't what the catalogue knows, so it is broken. */
  readonly outcome: "adopted" | "suspect" | "would" | "waits" | "differs";
  readonly words: string;
}

/** A copy by hand may still be under way when it was touched so recently. */
const settleMs = 5 * 60_000;

/** Adopts every archive that has no manifest or one that can't be read, oldest first. Call it under the backup's lock; it can be cut off and begun again. */
export const adopt = async (
  backup: Backup,
  ask: { readonly dryRun: boolean; readonly signal?: AbortSignal },
  parts: AdoptParts,
): Promise<readonly Adopted[]> => {
  const seen = await lookAt(parts.bucket, backup, ask.signal);
  const known = new Map((await archivesOf(parts.pool, seriesOf(backup))).map((archive) => [archive.key, archive]));
  const keys = [...seen.archives.keys()].sort(byDateIn(backup));
  const bare = await bareKeys(keys, seen.manifests, parts);
  const good: number[] = [];
  const adopted: Adopted[] = [];
  for (const key of keys) {
    if (!bare.has(key)) {
      if (known.get(key)?.state === "verified") good.unshift(seen.archives.get(key) ?? 0);
      continue;
    }
    ask.signal?.throwIfAborted();
    const one = await adoptOne(key, { backup, ask, parts, good, known: known.get(key) ?? null });
    if (one === null) continue;
    adopted.push(one);
    if (one.outcome === "adopted" || one.outcome === "would") good.unshift(one.bytes);
  }
  return adopted;
};

const byDateIn = (backup: Backup): ((a: string, b: string) => number) => {
  const read = keyReader(backup);
  return (a, b) => ((read(a)?.date ?? "") + a < (read(b)?.date ?? "") + b ? -1 : 1);
};

/** A manifest of a newer version is left alone: somebody understands it. */
const bareKeys = async (
  keys: readonly string[],
  manifests: ReadonlySet<string>,
  { bucket }: AdoptParts,
): Promise<ReadonlySet<string>> => {
  const limit = limitTo(8);
  const bare = await Promise.all(
    keys.map((key) =>
      limit.run(async () => {
        if (!manifests.has(key)) return [key];
        const { kind } = await readManifest(bucket, key);
        return kind === "broken" || kind === "none" ? [key] : [];
      }),
    ),
  );
  return new Set(bare.flat());
};

interface Around {
  readonly backup: Backup;
  readonly ask: { readonly dryRun: boolean; readonly signal?: AbortSignal };
  readonly parts: AdoptParts;
  /** Sizes of the good ones before it, newest first. */
  readonly good: readonly number[];
  readonly known: CataloguedArchive | null;
}

const adoptOne = async (key: string, around: Around): Promise<Adopted | null> => {
  const { backup, ask, parts } = around;
  const head = await parts.bucket.head(key, ask.signal);
  if (head === null) return null;
  const { bytes } = head;
  const one = { key, bytes, date: keyReader(backup)(key)?.date ?? "" };
  if (msBetween(head.modifiedAt, parts.clock.now()) < settleMs)
    return { ...one, outcome: "waits", words: "it was written within the last five minutes: adopt it later" };
  const suspect = suspicion(bytes, around.good);
  if (ask.dryRun) return { ...one, outcome: "would", words: suspect ?? "" };
  const read = await readWhole(head, around);
  const strange = suspect ?? strangeness(key, bytes, read);
  return await record({ ...one, sha256: read.sha256, suspect: strange, head }, around);
};

const suspicion = (bytes: number, good: readonly number[]): string | null => {
  if (bytes === 0) return "it is empty";
  const verdict = judgeSize(bytes, good.slice(0, 5));
  return verdict.suspect ? verdict.reason : null;
};

/** What reading an archive whole has shown. */
interface Bytes {
  readonly sha256: string;
  readonly first: Uint8Array;
  readonly last: Uint8Array;
}

const readWhole = async ({ key, bytes }: ObjectHead, { ask, parts }: Around): Promise<Bytes> => {
  const hash = createHash("sha256");
  let [done, first, last] = [0, Buffer.alloc(0), Buffer.alloc(0)];
  for await (const piece of parts.bucket.read(key, ask.signal === undefined ? {} : { signal: ask.signal })) {
    hash.update(piece);
    done += piece.byteLength;
    if (first.length < FIRST_BYTES) first = Buffer.concat([first, piece]).subarray(0, FIRST_BYTES);
    last = Buffer.concat([last, piece.subarray(-LAST_BYTES)]).subarray(-LAST_BYTES);
    parts.onProgress?.(key, done, bytes);
  }
  return { sha256: hash.digest("hex"), first, last };
};

/** Bytes of another kind, or cut off, were an archive's that failed: nobody asked its producer for an exit code. */
const strangeness = (key: string, bytes: number, { first, last }: Bytes): string | null => {
  const extension = key.slice(key.lastIndexOf(".") + 1);
  if (recognise(extension, first) === false) return `its first bytes aren't those of a .${extension}`;
  return isWhole(extension, { first, last, bytes }) ? null : "it was cut off: its end is missing";
};

interface Hashed {
  readonly key: string;
  readonly date: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly suspect: string | null;
  readonly head: ObjectHead;
}

const record = async (hashed: Hashed, { backup, parts, known }: Around): Promise<Adopted> => {
  const { key, date, bytes, sha256, suspect } = hashed;
  const now = parts.clock.now();
  // What we made ourselves is known by its hash: other bytes under its name are damage, not something to adopt.
  if (known !== null && known.sha256 !== sha256) {
    const words = "its bytes aren't those that the catalogue knows";
    await judgeArchive(parts.pool, known.id, { state: "broken", reason: words, now });
    return { key, date, bytes, outcome: "differs", words };
  }
  const manifest = manifestFor(hashed, { backup, parts, known });
  await writeManifest(parts.bucket, manifest);
  const { lockedUntil } = hashed.head;
  await putArchive(parts.pool, {
    ...archiveOf(manifest, seriesOf(backup)),
    lastSeenAt: now,
    lastReadAt: now,
    lockedUntil,
  });
  return { key, date, bytes, outcome: suspect === null ? "adopted" : "suspect", words: suspect ?? "" };
};

const manifestFor = (
  { key, date, bytes, sha256, suspect, head }: Hashed,
  { backup, parts, known }: Pick<Around, "backup" | "parts" | "known">,
): Manifest => ({
  ...{ backup: backup.name, key, runId: known?.runId ?? null, date, zone: backup.zone, bytes, sha256 },
  ...{ startedAt: head.modifiedAt, finishedAt: head.modifiedAt, partBytes: null, parts: 1, beside: [] },
  producer: { kind: backup.producer.kind, version: null },
  encryption: key.endsWith(".age") ? "age" : null,
  verify: { level: "read-back", at: parts.clock.now() },
  ...{
    suspect,
    accepted: null,
    pin: known?.pin ?? null,
    adopted: (known?.runId ?? null) === null,
    madeBy: parts.madeBy,
  },
});
