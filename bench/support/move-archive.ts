/**
 * A process that does one thing with one archive, so that its memory is its own: `node move-archive.ts upload|verify|download JSON`.
 * It ends with one line: what it took, and the most memory that it had.
 */
import { readFileSync } from "node:fs";
import { GetObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { openBucket } from "#app/buckets.ts";
import { sealFile } from "#backup/seal.ts";
import { type UploadRecord, uploadArchive } from "#backup/upload.ts";
import { readBack } from "#backup/verify.ts";
import type { BackupPlace } from "#model/backup.ts";
import type { SentPart } from "#model/backup-run.ts";
import { systemClock } from "#runtime/clock.ts";
import { passAll } from "#runtime/point.ts";
import { putPart } from "#store/backup-parts.ts";
import { beginRunUpload, putRun, takeRun } from "#store/backup-runs.ts";
import { openPool } from "#store/pool.ts";

interface Ask {
  readonly place: Extract<BackupPlace, { kind: "s3" }>;
  readonly key: string;
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly database: string;
}

const [verb, text = "{}"] = process.argv.slice(2);
const ask = JSON.parse(text) as Ask;
const signal = new AbortController().signal;
const parts = { clock: systemClock, retryForMs: 60_000, signal, passPoint: passAll };

const peakMegabytes = (): number =>
  Math.round(Number(/VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? 0) / 1024);

/** As a run does it: hashed first, then sent, each part written down. */
const upload = async (): Promise<void> => {
  await using pool = openPool(ask.database, { max: 4, statementTimeoutMs: 30_000, applicationName: "bench" });
  const now = systemClock.now();
  const backup = ask.key;
  await putRun(pool, {
    backup,
    nominal: now,
    due: now,
    date: "2026-11-21",
    zone: "UTC",
    askedBy: "bench",
    skipped: null,
  });
  const run = await takeRun(pool, { owner: backup, leaseMs: 600_000, now, backups: [backup] });
  if (run === null) throw new Error("The run is gone.");
  const seal = await sealFile(ask.file, { signal });
  const record: UploadRecord = {
    begun: async () => null,
    begin: async ({ key, id }, { partBytes }) =>
      void (await beginRunUpload(pool, run, { place: "bench", key, uploadId: id, partBytes })),
    keep: (sent, part: SentPart) => putPart(pool, { runId: run.id, uploadId: sent.id }, part),
  };
  const bucket = openBucket(ask.place);
  await uploadArchive({ bucket, key: ask.key, seal, runId: run.id, record, confirm: async () => {} }, parts);
  await bucket.close();
};

const verify = async (): Promise<void> => {
  const bucket = openBucket(ask.place);
  const found = await readBack(bucket, ask, parts);
  await bucket.close();
  if (found.outcome !== "equal") throw new Error(`It is ${found.outcome}.`);
};

/** Nothing but the vendor's client and a loop that throws the bytes away. */
const download = async (): Promise<void> => {
  const { endpoint, region, credentials } = ask.place.settings;
  const { accessKeyId = "", secretAccessKey = "" } = credentials ?? {};
  const client = new S3Client({
    ...{ endpoint: endpoint ?? "", region, forcePathStyle: true },
    credentials: { accessKeyId, secretAccessKey },
  });
  const { Body } = await client.send(new GetObjectCommand({ Bucket: ask.place.bucket, Key: ask.key }));
  let bytes = 0;
  for await (const piece of Body as AsyncIterable<Uint8Array>) bytes += piece.byteLength;
  if (bytes !== ask.bytes) throw new Error(`${bytes} bytes came.`);
};

const hash = async (): Promise<string> => (await sealFile(ask.file, { signal })).file.sha256;

const begun = performance.now();
let sha256 = "";
if (verb === "upload") await upload();
else if (verb === "verify") await verify();
else if (verb === "download") await download();
else if (verb === "hash") sha256 = await hash();
else throw new Error(`“${verb}” is nothing that it does.`);
process.stdout.write(
  `${JSON.stringify({ ms: performance.now() - begun, mb: peakMegabytes(), sha256, cpu: process.cpuUsage() })}\n`,
);
