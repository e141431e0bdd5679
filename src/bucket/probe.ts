import { randomBytes } from "node:crypto";
import type { ArchiveBucket, BucketTraits } from "#bucket/port.ts";
import { type BackupPlace, prefixOf } from "#model/backup.ts";
import { isFault, wordsOf } from "#model/fault.ts";
import type { Clock } from "#runtime/clock.ts";

/** One thing that trying a bucket has shown, in words for an operator. */
export interface BucketFinding {
  readonly grade: "fine" | "note" | "warning" | "fault";
  readonly what: string;
  /** `null` where nothing need be done. */
  readonly mend: string | null;
}

/** What trying a bucket uses. */
export interface ProbeParts {
  readonly open: (place: BackupPlace) => ArchiveBucket;
  readonly clock: Clock;
}

/** Clocks further apart than this make dates of archives doubtful, and nothing is removed. */
const clockLimitMs = 5 * 60_000;

/**
 * Tries a place for archives: writes 1 KiB, reads it back and removes it, begins an upload and gives it up, and asks what the bucket is
 * like. Leaves nothing behind but what the bucket itself keeps of removed objects. Throws where it can't be reached or written to.
 */
export const probePlace = async (
  place: BackupPlace,
  { open, clock }: ProbeParts,
): Promise<readonly BucketFinding[]> => {
  const bucket = open(place);
  const key = [prefixOf(place), `.daybreak-probe-${randomBytes(6).toString("hex")}`].filter(Boolean).join("/");
  try {
    const before = clock.now().epochMilliseconds;
    const traits = await bucket.traits();
    const here = (before + clock.now().epochMilliseconds) / 2;
    return [
      await writeAndRead(bucket, key),
      await uploadAndEnd(bucket, `${key}-upload`),
      ...(await checksumsOf(place, open, key)),
      ...clocksApart(traits, here),
      ...kept(place, traits),
    ];
  } finally {
    await bucket.close();
  }
};

const probeBytes = 1024;

const fault = (what: string, mend: string): BucketFinding => ({ grade: "fault", what, mend });
const fine = (what: string): BucketFinding => ({ grade: "fine", what, mend: null });

const writeAndRead = async (bucket: ArchiveBucket, key: string): Promise<BucketFinding> => {
  const bytes = randomBytes(probeBytes);
  await bucket.put(key, bytes);
  const back = await bucket.get(key);
  const [removal] = await bucket.removeMany([key]);
  if (back === null || !bytes.equals(back)) {
    const what = `${bucket.name} gives back ${back === null ? "nothing" : "other bytes"} of what was just written.`;
    return fault(what, "try another server; with this one no archive could be verified");
  }
  if (removal?.outcome === "failed" || removal?.outcome === "locked") {
    const what = `${bucket.name} takes and gives back, but doesn't remove: ${removal.words}`;
    return { grade: "warning", what, mend: "the rotation needs the right to remove (s3:DeleteObject)" };
  }
  return fine(`${bucket.name} takes, gives back and removes`);
};

const uploadAndEnd = async (bucket: ArchiveBucket, key: string): Promise<BucketFinding> => {
  const upload = await bucket.begin(key, { probe: "1" });
  try {
    await bucket.putPart(upload, 1, { bytes: randomBytes(probeBytes) });
  } finally {
    await bucket.abort(upload);
  }
  return fine("archives can be uploaded in parts");
};

/** Whether the server takes the checksums that `auto` sends. Where it doesn't, `auto` leaves them out by itself. */
const checksumsOf = async (
  place: BackupPlace,
  open: ProbeParts["open"],
  key: string,
): Promise<readonly BucketFinding[]> => {
  if (place.kind !== "s3" || place.settings.checksums === "off") return [];
  const strict = open({ ...place, settings: { ...place.settings, checksums: "required" } });
  try {
    await strict.put(key, randomBytes(probeBytes));
    await strict.removeMany([key]);
    return [fine("checksums are taken")];
  } catch (error) {
    if (!isFault(error) || error.retry !== "never") throw error;
    const what = `the server stumbles over checksums: ${wordsOf(error)}`;
    const grade = place.settings.checksums === "required" ? "fault" : "warning";
    return [{ grade, what, mend: "write checksums: off below `buckets`" }];
  } finally {
    await strict.close();
  }
};

const clocksApart = ({ now }: BucketTraits, here: number): readonly BucketFinding[] => {
  if (now === null) return [];
  const apartMs = Math.abs(now.epochMilliseconds - here);
  const words = apartMs < 60_000 ? `${Math.round(apartMs / 1_000)} s` : `${Math.round(apartMs / 60_000)} minutes`;
  if (apartMs <= clockLimitMs) return [fine(`its clock and this machine's are ${words} apart`)];
  return [fault(`its clock and this machine's are ${words} apart`, "let this machine's clock be set by NTP")];
};

const kept = (place: BackupPlace, traits: BucketTraits): readonly BucketFinding[] => {
  if (place.kind !== "s3") return [];
  const findings: BucketFinding[] = [];
  if (traits.versioned === true) {
    const mend = "let a rule of the bucket end them: NoncurrentVersionExpiration";
    findings.push({ grade: "note", what: "it keeps versions: what is removed still takes up space", mend });
  }
  if (place.settings.lock !== null && traits.objectLock === false)
    findings.push(fault("it was made without Object Lock", "take out `lock`, or make a bucket with Object Lock"));
  if (traits.endsUploadsAfterDays === null) {
    const mend = "add the rule AbortIncompleteMultipartUpload, 7 days, to the bucket; Daybreak ends its own itself";
    findings.push({ grade: "note", what: "no rule of it ends uploads that were never finished", mend });
  }
  return findings;
};
