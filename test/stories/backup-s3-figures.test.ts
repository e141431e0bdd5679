/** Rotating and proving what lies in a real S3 bucket; judged by the bucket's own listing and bytes, past all of our own code. */
import {
  DeleteBucketPolicyCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
  PutBucketPolicyCommand,
  PutObjectCommand,
  PutObjectRetentionCommand,
} from "@aws-sdk/client-s3";
import { expect, test, vi } from "vitest";
import { verifyArchives } from "#actions/backup-proof.ts";
import { manifestKey, seriesOf } from "#backup/plan/keys.ts";
import { type PruneReport, prune } from "#backup/prune.ts";
import { lookAtKept } from "#backup/reread.ts";
import type { BackupParts } from "#backup/step.ts";
import type { ArchiveBucket } from "#bucket/port.ts";
import { s3Archives } from "#bucket/s3.ts";
import type { Backup } from "#model/backup.ts";
import { Temporal } from "#model/time.ts";
import { limitTo } from "#runtime/limit.ts";
import { archivesOf } from "#store/archives.ts";
import { approvePolicy } from "#store/backup-policies.ts";
import { usual } from "../backup/archives.ts";
import { datesUntil, putOne } from "../backup/series.ts";
import { backupIn, partsOver } from "../support/backup-of.ts";
import { runningClock } from "../support/clock.ts";
import { freshDatabase } from "../support/database.ts";
import { keptAlerts } from "../support/kept-alerts.ts";
import { keptLog } from "../support/kept-log.ts";
import { startProxy } from "../support/proxy.ts";
import { type BucketOptions, describeS3 } from "../support/s3.ts";

const isLong = process.env["DAYBREAK_LONG"] === "1";
vi.setConfig({ testTimeout: isLong ? 1_800_000 : 180_000 });
const signal = new AbortController().signal;

/** A bucket with archives of as many days, the newest today's. */
interface Depot extends AsyncDisposable {
  readonly name: string;
  readonly backup: Backup;
  readonly parts: BackupParts;
  /** Oldest first. */
  readonly keys: readonly string[];
  prune(): Promise<PruneReport>;
}

interface DepotOptions extends BucketOptions {
  /** Where the server is reached; at itself without it. */
  readonly endpoint?: string;
}

await describeS3("many archives in S3", (s3) => {
  /** All keys of a bucket, page by page. */
  const keysIn = async (Bucket: string): Promise<readonly string[]> => {
    const keys: string[] = [];
    for (let ContinuationToken: string | undefined; ; ) {
      const token = ContinuationToken === undefined ? {} : { ContinuationToken };
      const page: ListObjectsV2CommandOutput = await s3.client.send(new ListObjectsV2Command({ Bucket, ...token }));
      keys.push(...(page.Contents ?? []).map(({ Key = "" }) => Key));
      ContinuationToken = page.NextContinuationToken;
      if (page.IsTruncated !== true) return keys.sort();
    }
  };

  const bodyOf = async (Bucket: string, Key: string): Promise<Buffer> => {
    const { Body } = await s3.client.send(new GetObjectCommand({ Bucket, Key }));
    return Buffer.from((await Body?.transformToByteArray()) ?? []);
  };

  const putRaw = (Bucket: string, Key: string, Body: Buffer | string) =>
    s3.client.send(new PutObjectCommand({ Bucket, Key, Body }));

  const openDepot = async (days: number, pageSize: number, options: DepotOptions = {}): Promise<Depot> => {
    await using stack = new AsyncDisposableStack();
    const { pool } = stack.use(await freshDatabase());
    const name = await s3.freshBucket(options);
    const { endpoint = s3.endpoint } = options;
    const place = { ...s3.place(name, { endpoint }), prefix: "bi" };
    const backup = backupIn("/nowhere", { place, retention: usual });
    const bucket = stack.adopt(s3Archives({ ...place, pageSize }), (one: ArchiveBucket) => one.close());
    const [clock, log] = [runningClock(), keptLog()];
    const parts = { ...partsOver({ pool, bucket, clock, log, alerts: keptAlerts() }), bucketOf: () => bucket };
    const today = clock.now().toZonedDateTimeISO("UTC").toPlainDate().toString();
    const limit = limitTo(16);
    const put = (date: string) => {
      const bytes = Buffer.from(`archive of ${date}, and as long as all the others are\n`.repeat(20));
      return limit.run(() => putOne(backup, date, { db: pool, bucket, put: { bytes } }));
    };
    const keys = await Promise.all([...datesUntil(today, days)].reverse().map(put));
    await approvePolicy(pool, seriesOf(backup), { retention: usual, approvedAt: clock.now(), approvedBy: null });
    const ask = { mayDelete: async () => true, thisRun: null, owed: null, dryRun: false, allowDelete: 10_000 };
    const { passPoint } = parts;
    const owned = stack.move();
    return {
      ...{ name, backup, parts, keys },
      prune: () => prune(backup, { ...ask, confirmedBy: null }, { pool, bucket, clock, log, passPoint }),
      [Symbol.asyncDispose]: () => owned.disposeAsync(),
    };
  };

  /** Lets nobody remove these until the policy is taken away; the server then answers a request for many with errors among successes. */
  const forbid = (Bucket: string, keys: readonly string[]) =>
    s3.client.send(
      new PutBucketPolicyCommand({
        Bucket,
        Policy: JSON.stringify({
          Version: "2012-10-17",
          Statement: [
            {
              ...{ Effect: "Deny", Principal: "*", Action: "s3:DeleteObject" },
              Resource: keys.map((key) => `arn:aws:s3:::${Bucket}/${key}`),
            },
          ],
        }),
      }),
    );

  /** Three files of other tools in each month's folder, under names that are almost ours. */
  const strangersBeside = (keys: readonly string[]): readonly string[] => {
    const folders = new Set(keys.map((key) => key.slice(0, key.lastIndexOf("/"))));
    return [...folders].flatMap((folder) =>
      ["bi-full.bak", "BI-2026-01-01.bak", "bi-2026-01-01.bak.sha256"].map((name) => `${folder}/${name}`),
    );
  };

  test("of many archives those go that the plan names, whatever the server refuses is told, and nobody else's file is touched", async () => {
    const days = isLong ? 1_500 : 60;
    await using depot = await openDepot(days, isLong ? 1_000 : 25);
    const { name, keys, parts, backup } = depot;
    const strangers = strangersBeside(keys);
    await Promise.all(strangers.map((key) => putRaw(name, key, "somebody else's")));
    // Of the last two weeks all stay, of the time before that most go: neither a Sunday nor the first of a month.
    const old = keys.slice(0, -20).filter((key) => /-(?:0[2-9]|[12]\d|3[01])\.bak$/.test(key) && !isSunday(key));
    const refused = old.filter((_, n) => n % Math.ceil(old.length / 7) === 1);
    await forbid(name, refused);
    const report = await depot.prune();
    const after = await keysIn(name);
    const left = (await archivesOf(parts.pool, seriesOf(backup))).map(({ key }) => key);
    const planned = report.rotation.keep.map(({ key }) => key);
    const touched = strangers.filter((key) => !after.includes(key));
    const told = report.gone.filter(({ outcome }) => outcome === "failed").map(({ key }) => key);
    const untold = refused.filter((key) => !told.includes(key));
    const wanted = [...strangers, ...[...planned, ...refused].flatMap((key) => [key, manifestKey(key)])].sort();
    console.log(
      `${days} archives in S3: foreign touched / refusals untold / wrong keys left / N: ${touched.length} of ${strangers.length} / ${untold.length} of ${refused.length} / ${wrongOf(after, wanted)} / ${report.gone.length} to remove`,
    );
    expect(report.refusals).toEqual([]);
    expect([touched, untold, told.toSorted()]).toEqual([[], [], refused.toSorted()]);
    expect(after).toEqual(wanted);
    expect(left.toSorted()).toEqual([...planned, ...refused].toSorted());
    await s3.client.send(new DeleteBucketPolicyCommand({ Bucket: name }));
    expect((await depot.prune()).gone.map(({ key, outcome }) => `${key} ${outcome}`).toSorted()).toEqual(
      refused.map((key) => `${key} removed`).toSorted(),
    );
  });

  test("archives under Object Lock stay as long as they are locked, and the others go", async () => {
    await using depot = await openDepot(40, 25, { lock: true });
    const { name, keys, backup, parts } = depot;
    const locked = keys.slice(0, 12).filter((_, n) => n % 2 === 0);
    for (const Key of locked) {
      const Retention = { Mode: "GOVERNANCE", RetainUntilDate: new Date(Date.now() + 30 * 86_400_000) } as const;
      await s3.client.send(new PutObjectRetentionCommand({ Bucket: name, Key, Retention }));
    }
    // The daily look learns of the locks.
    await lookAtKept({ backup, parts, signal });
    const report = await depot.prune();
    const after = await keysIn(name);
    const hidden = locked.filter((key) => !after.includes(key) || !after.includes(manifestKey(key)));
    const gone = report.gone.filter(({ outcome }) => outcome === "marked").length;
    console.log(`Object Lock: locked ones removed / N: ${hidden.length} / ${locked.length}; ${gone} others removed`);
    expect(report.refusals).toEqual([]);
    expect([hidden, gone]).toEqual([[], report.gone.length]);
    expect(gone).toBeGreaterThan(3);
    expect(report.gone.filter(({ key }) => locked.includes(key))).toEqual([]);
  });

  test("each archive that was changed, cut off, replaced, taken away or robbed of its manifest in the bucket is found, and no other", async () => {
    const days = isLong ? 200 : 50;
    await using depot = await openDepot(days, 1_000);
    const { name, keys, backup, parts } = depot;
    const look = async (): Promise<readonly string[]> =>
      (await verifyArchives(backup, { kind: "all" }, { ask: { signal }, parts }))
        .filter(({ outcome }) => outcome !== "equal")
        .map(({ key }) => key)
        .sort();
    const damages: readonly ((key: string, n: number) => Promise<unknown>)[] = [
      async (key) => {
        const bytes = await bodyOf(name, key);
        const at = Math.floor(Math.random() * bytes.length);
        bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << Math.floor(Math.random() * 8)), at);
        return putRaw(name, key, bytes);
      },
      async (key) => putRaw(name, key, (await bodyOf(name, key)).subarray(0, -1)),
      async (key, n) => putRaw(name, key, await bodyOf(name, keys[n + 1] ?? "")),
      (Key) => s3.client.send(new DeleteObjectCommand({ Bucket: name, Key })),
      (key) => s3.client.send(new DeleteObjectCommand({ Bucket: name, Key: manifestKey(key) })),
    ];
    const falseAlarms = (await look()).length;
    const damaged = keys.filter((_, n) => n % 10 === 7 || (!isLong && n % 10 === 3));
    for (const [n, key] of damaged.entries()) await damages[n % damages.length]?.(key, keys.indexOf(key));
    const found = await look();
    const missed = damaged.filter((key) => !found.includes(key));
    const wronged = found.filter((key) => !damaged.includes(key));
    console.log(
      `damaged in S3: found / N: ${damaged.length - missed.length} / ${damaged.length}; false alarms ${falseAlarms + wronged.length} of ${2 * keys.length - damaged.length}`,
    );
    expect([falseAlarms, missed, wronged]).toEqual([0, [], []]);
    expect(damaged).toHaveLength(isLong ? 20 : 10);
  });

  test("bits that change on the way down blame no archive, since it is read a second time first", async () => {
    await using proxy = await startProxy(s3.endpoint);
    const days = isLong ? 200 : 20;
    await using depot = await openDepot(days, 1_000, { endpoint: proxy.endpoint });
    const { keys, backup, parts } = depot;
    const unlucky = new Set(keys.filter((_, n) => n % 4 === 1));
    proxy.decide(({ operation, key, times }) =>
      operation === "GetObject" && unlucky.has(key) && times === 1
        ? { kind: "flip-answer", byte: Math.floor(Math.random() * 900) }
        : null,
    );
    const found = await verifyArchives(backup, { kind: "all" }, { ask: { signal }, parts });
    const wronged = found.filter(({ outcome }) => outcome !== "equal").map(({ key }) => key);
    const flips = proxy.passed.filter(({ mishap }) => mishap === "flip-answer").length;
    const noted = found.filter(({ words }) => words.includes("A first reading had other bytes")).length;
    console.log(
      `bits flipped on the way down: blamed / noted / flips / N: ${wronged.length} / ${noted} / ${flips} / ${days}`,
    );
    expect([wronged, noted, flips]).toEqual([[], unlucky.size, unlucky.size]);
  });
});

const isSunday = (key: string): boolean =>
  Temporal.PlainDate.from(/\d{4}-\d\d-\d\d/.exec(key)?.[0] ?? "").dayOfWeek === 7;

/** How many keys there are that shouldn't be, or aren't that should. */
const wrongOf = (there: readonly string[], wanted: readonly string[]): number =>
  new Set(there).symmetricDifference(new Set(wanted)).size;
