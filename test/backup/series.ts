/** A backup with archives in a bucket and in the catalogue, for tests that need real ones. */
import { createHash } from "node:crypto";
import { writeManifest } from "#backup/manifest.ts";
import { archiveKey, seriesOf } from "#backup/plan/keys.ts";
import type { Manifest } from "#backup/plan/manifest.ts";
import type { ArchiveBucket } from "#bucket/port.ts";
import type { Archive, Backup } from "#model/backup.ts";
import { Temporal } from "#model/time.ts";
import { readSchedule } from "#schedule/cron.ts";
import { type NewArchive, putArchive } from "#store/archives.ts";
import type { Db } from "#store/db.ts";
import { usual } from "./archives.ts";

const schedule = { at: "daily 02:00", zone: "UTC", calendar: null, holidays: "send", start: null, end: null } as const;

/** A backup into a folder. */
export const backupInto = (dir: string, more: Partial<Backup> = {}): Backup => {
  const expression = readSchedule(schedule.at);
  if ("mistake" in expression) throw new Error(expression.mistake);
  return {
    name: "bi",
    schedule: { ...schedule, catchUpWithinMs: 86_400_000 },
    read: { ...schedule, catchUpWithinMs: 86_400_000, expression },
    zone: "UTC",
    host: null,
    producer: { kind: "folder", dir: "/srv/bi", exclude: [] },
    root: "bi",
    extension: "tsbak",
    scratch: "/nowhere",
    place: { kind: "folder", dir },
    retention: usual,
    keepLocal: 1,
    produceTimeoutMs: 60_000,
    verify: "read-back",
    drill: null,
    rereadBytesPerDay: 0,
    encryptTo: [],
    ping: null,
    ...more,
  };
};

/** What an archive of a test is like, where it isn't usual. */
export interface Put {
  readonly state?: Archive["state"];
  readonly pin?: string | null;
  readonly bytes?: Uint8Array;
  readonly manifest?: Partial<Manifest> | null;
  readonly at?: Temporal.Instant | null;
}

/** The manifest of an archive that was made at two in the morning of its date. */
export const manifestOf = (backup: Backup, key: string, more: Partial<Manifest> & Pick<Manifest, "date">): Manifest => {
  const at = Temporal.Instant.from(`${more.date}T02:00:00Z`);
  return {
    ...{
      backup: backup.name,
      key,
      runId: "1",
      zone: "UTC",
      startedAt: at,
      finishedAt: at,
      bytes: 0,
      sha256: "0".repeat(64),
    },
    ...{ partBytes: null, parts: 1, producer: { kind: "folder", version: null }, encryption: null, beside: [] },
    ...{
      verify: { level: "read-back", at },
      suspect: null,
      accepted: null,
      pin: null,
      adopted: false,
      madeBy: "Daybreak",
    },
    ...more,
  };
};

/** Puts an archive with its manifest into the bucket, and into the catalogue. */
export const putOne = async (
  backup: Backup,
  date: string,
  { db, bucket, put = {} }: { readonly db: Db | null; readonly bucket: ArchiveBucket; readonly put?: Put },
): Promise<string> => {
  const { state = "verified", pin = null, bytes = Buffer.from(`archive of ${date}`), at = null } = put;
  const key = archiveKey(backup, { date, at, encrypted: false });
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  await bucket.put(key, bytes);
  const verified = state === "verified" ? {} : { verify: null };
  const manifest = manifestOf(backup, key, { date, bytes: bytes.length, sha256, pin, ...verified, ...put.manifest });
  if (put.manifest !== null) await writeManifest(bucket, manifest);
  if (db === null) return key;
  const madeAt = at ?? manifest.finishedAt;
  const row: NewArchive = {
    ...{
      ...seriesOf(backup),
      key,
      date,
      madeAt,
      state,
      bytes: bytes.length,
      sha256,
      pin,
      lockedUntil: null,
      runId: null,
    },
    ...{ reason: state === "verified" || state === "made" ? null : "a test says so" },
    ...{ verifiedAt: state === "verified" ? madeAt : null, lastSeenAt: null, lastReadAt: null },
  };
  await putArchive(db, row);
  return key;
};

/** Dates up to one, newest first. */
export const datesUntil = (until: string, count: number): readonly string[] => {
  const last = Temporal.PlainDate.from(until);
  return Array.from({ length: count }, (_, back) => last.subtract({ days: back }).toString());
};
