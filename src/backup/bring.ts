/** The second half of a run: the archive into its bucket, what belongs to it beside it, and the manifest last. */
import { createHash } from "node:crypto";
import { readFile, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { encryptFile } from "#backup/encrypt.ts";
import { scratchOf, sealAgain } from "#backup/make.ts";
import { readManifest, writeManifest } from "#backup/manifest.ts";
import { persist } from "#backup/persist.ts";
import { archiveKey, besideKey, placeInWords } from "#backup/plan/keys.ts";
import type { Beside, Manifest } from "#backup/plan/manifest.ts";
import { judgeSize } from "#backup/plan/size.ts";
import type { Seal } from "#backup/seal.ts";
import { lostFault, moved, persistenceOf, type Step } from "#backup/step.ts";
import { archiveMetadata, type UploadRecord, uploadArchive } from "#backup/upload.ts";
import { msBetween } from "#model/time.ts";
import { archiveByKey, putArchive, recentSizes } from "#store/archives.ts";
import { partsOf, putPart } from "#store/backup-parts.ts";
import { beginRunUpload, runById, type TakenRun } from "#store/backup-runs.ts";

/** Uploads the archive and writes its manifest; from then on it is in the catalogue, unproven. Back to its making when it is gone. */
export const bring = async (step: Step, made: Seal | null): Promise<TakenRun> => {
  const { parts, backup } = step;
  const seal = made ?? (await sealAgain(step));
  if (seal === null) return moved(step, { to: "producing", reason: "the archive is gone or has changed: made anew" });
  const began = parts.clock.now();
  const key = await keyOf(step, seal);
  const { sentBytes } = await uploadArchive(
    {
      bucket: parts.bucketOf(backup),
      key,
      seal,
      runId: step.run.id,
      record: recordOf(step, key),
      confirm: () => step.hold.confirm(),
    },
    {
      ...persistenceOf(step),
      passPoint: parts.passPoint,
      onProgress: (bytes, of) => parts.onProgress?.("upload", bytes, of),
    },
  );
  const beside = await bringBeside(step, key);
  await parts.passPoint("backup:before-manifest");
  const manifest = await commit(step, seal, { key, beside });
  await parts.passPoint("backup:manifest");
  await catalogue(step, manifest);
  const uploadMs = msBetween(began, parts.clock.now());
  const { bytes } = seal.file;
  parts.log.info("backup.uploaded", { backup: backup.name, run: step.run.id, key, bytes, sentBytes, ms: uploadMs });
  return moved(step, { to: "verifying", uploadMs });
};

/** The key is fixed in the row before the first byte leaves. Another archive of the same date gets its time of day into its name. */
const keyOf = async (step: Step, seal: Seal): Promise<string> => {
  const { run, backup, parts } = step;
  const place = placeInWords(backup.place);
  if (run.key !== null && run.place === place) return run.key;
  const encrypted = backup.encryptTo.length > 0;
  const first = archiveKey(backup, { date: run.date, at: null, encrypted });
  const isFree = await isFreeFor(step, { key: first, place, seal });
  const key = isFree ? first : archiveKey(backup, { date: run.date, at: parts.clock.now(), encrypted });
  const upload = { place, key, uploadId: null, partBytes: null };
  if (!(await beginRunUpload(parts.pool, run, upload))) throw lostFault(run);
  return key;
};

/** Free: the bucket has nothing there, and the catalogue knows of no archive that should be there. */
const isFreeFor = async (
  step: Step,
  { key, place, seal }: { readonly key: string; readonly place: string; readonly seal: Seal },
): Promise<boolean> => {
  const { run, backup, parts } = step;
  const bucket = parts.bucketOf(backup);
  const known = await archiveByKey(parts.pool, place, key);
  if (known !== null && known.state !== "removed" && known.runId !== run.id) return false;
  const head = await persist(() => bucket.head(key, step.signal), persistenceOf(step));
  const own = archiveMetadata(run.id, seal.file.sha256)["run-id"];
  return head === null || head.metadata["run-id"] === own;
};

const recordOf = ({ run, backup, parts }: Step, key: string): UploadRecord => {
  const { pool } = parts;
  return {
    begun: async () => {
      const { uploadId: id, source } = run;
      if (id === null || source === null || run.key !== key) return null;
      return { id, file: source, parts: await partsOf(pool, { runId: run.id, uploadId: id }) };
    },
    begin: async (upload, { partBytes }) => {
      const place = placeInWords(backup.place);
      if (!(await beginRunUpload(pool, run, { place, key, uploadId: upload.id, partBytes }))) throw lostFault(run);
    },
    keep: (upload, part) => putPart(pool, { runId: run.id, uploadId: upload.id }, part),
  };
};

/** Small files that belong to the archive; the settings of a report server hold its secrets, so they are encrypted like it. */
const bringBeside = async (step: Step, key: string): Promise<readonly Beside[]> => {
  const brought: Beside[] = [];
  for (const path of step.run.source?.beside ?? []) {
    const { name, bytes } = await besideBytes(step, path);
    const at = besideKey(key, name);
    await persist(() => step.parts.bucketOf(step.backup).put(at, bytes), persistenceOf(step));
    brought.push({ key: at, bytes: bytes.byteLength, sha256: createHash("sha256").update(bytes).digest("hex") });
  }
  return brought;
};

const besideBytes = async ({ backup, run, signal }: Step, path: string) => {
  const name = basename(path);
  if (backup.encryptTo.length === 0) return { name, bytes: await readFile(path) };
  const to = join(scratchOf(backup, run.id), `${name}.beside.age`);
  await rm(to, { force: true });
  await encryptFile({ from: path, to, signal }, backup.encryptTo);
  return { name: `${name}.age`, bytes: await readFile(to) };
};

/** Writes the manifest: the mark that the archive is there, whole as far as anybody knows, and not yet proven. */
const commit = async (
  step: Step,
  { file, cut }: Seal,
  { key, beside }: { readonly key: string; readonly beside: readonly Beside[] },
): Promise<Manifest> => {
  const { run, backup, parts } = step;
  const bucket = parts.bucketOf(backup);
  // Who was killed right after writing it finds it here; its words are kept.
  const there = await persist(() => readManifest(bucket, key), persistenceOf(step));
  if (there.kind === "manifest" && there.manifest.sha256 === file.sha256) return there.manifest;
  const sizes = await recentSizes(parts.pool, { backup: backup.name, limit: 5, but: key });
  const size = judgeSize(file.bytes, sizes);
  const now = parts.clock.now();
  const manifest: Manifest = {
    ...{ backup: backup.name, key, runId: run.id, date: run.date, zone: run.zone, beside },
    ...{ startedAt: run.startedAt ?? now, finishedAt: now, bytes: file.bytes, sha256: file.sha256 },
    ...{ partBytes: cut.partBytes, parts: cut.parts.length },
    producer: { kind: backup.producer.kind, version: run.source?.version ?? null },
    encryption: backup.encryptTo.length > 0 ? "age" : null,
    verify: null,
    suspect: size.suspect ? size.reason : null,
    ...{ accepted: null, pin: null, adopted: false, madeBy: parts.madeBy },
  };
  await persist(() => writeManifest(bucket, manifest), persistenceOf(step));
  return manifest;
};

const catalogue = async ({ run, backup, parts }: Step, manifest: Manifest): Promise<void> => {
  const { suspect, key, date, bytes, sha256, finishedAt } = manifest;
  await putArchive(parts.pool, {
    ...{ backup: backup.name, place: placeInWords(backup.place), key, date, bytes, sha256, runId: run.id },
    ...{ state: suspect === null ? "made" : "suspect", reason: suspect },
    ...{ madeAt: finishedAt, verifiedAt: null, lastSeenAt: finishedAt, lastReadAt: null, pin: null, lockedUntil: null },
  });
  if (suspect === null) return;
  await parts.alerts.raise({
    key: `backup:${backup.name}:suspect`,
    severity: "warning",
    subject: `The newest archive of “${backup.name}” is suspiciously small`,
    lines: [
      `${key}: ${suspect}`,
      "It is in the bucket, but doesn't count, and nothing is removed on its account.",
      `Look at what made it. If it is right: daybreak backup accept ${key} --reason "…"`,
    ],
  });
};

/** Gives up what a failed run has begun, so that nobody pays for parts that no archive will be made of. What can't be ended now is ended by a rotation. */
export const abandon = async ({ run: taken, backup, parts }: Step): Promise<void> => {
  // The upload may have been begun after the run was taken: the row knows it.
  const run = await runById(parts.pool, taken.id);
  if (run === null || run.key === null || run.uploadId === null || run.state !== "uploading") return;
  await parts.bucketOf(backup).abort({ key: run.key, id: run.uploadId });
};
