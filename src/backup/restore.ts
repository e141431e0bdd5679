/** Brings an archive back: checked before it has its name, never over a file that is there. Works from the bucket alone. */
import { access, link, rename, rm } from "node:fs/promises";
import { resolve } from "node:path";
import { decryptFile } from "#backup/encrypt.ts";
import { type FetchParts, fetchArchive, forgetRanges } from "#backup/fetch.ts";
import { readManifest } from "#backup/manifest.ts";
import { persist } from "#backup/persist.ts";
import { keyReader, prefixOfKeys } from "#backup/plan/keys.ts";
import type { Manifest } from "#backup/plan/manifest.ts";
import { restoreBeside } from "#backup/restore-beside.ts";
import type { ArchiveBucket } from "#bucket/port.ts";
import type { ArchiveState, Backup } from "#model/backup.ts";
import { Fault } from "#model/fault.ts";

/** Which archive: the newest that is proven, or one of a date. */
export type Wanted = { readonly kind: "latest" } | { readonly kind: "date"; readonly date: string };

/** What is restored. */
export interface RestoreAsk {
  readonly backup: Backup;
  readonly bucket: ArchiveBucket;
  readonly wanted: Wanted;
  readonly to: string;
  /** Takes an archive that nobody has proven, too. */
  readonly force: boolean;
}

/** What restoring uses. */
export interface RestoreParts extends FetchParts {
  /** The private key of age; `null`: none is here. */
  readonly identity: string | null;
  /** What the catalogue thinks of an archive; `null`: it doesn't know it, or there is no database at hand. */
  readonly stateOf: (key: string) => Promise<ArchiveState | null>;
}

/** What was brought back. */
export interface Restored {
  readonly manifest: Manifest;
  /** True when it had been read back and found whole before. */
  readonly isProven: boolean;
  readonly path: string;
  /** Files that belong to it, now beside it. */
  readonly beside: readonly string[];
}

/** Restores an archive into a new file. Throws `backup.restore`; then nothing stands under that name. */
export const restore = async (ask: RestoreAsk, parts: RestoreParts): Promise<Restored> => {
  const path = resolve(ask.to);
  await refuseExisting(path);
  const { manifest, isProven } = await choose(ask, parts);
  if (manifest.encryption !== null && parts.identity === null) throw noIdentity(manifest);
  const partial = `${path}.partial`;
  await fetchArchive({ bucket: ask.bucket, archive: manifest, path: partial }, parts);
  const plain = await plainOf({ manifest, partial, path }, parts);
  const beside = await restoreBeside({ bucket: ask.bucket, manifest, path }, parts);
  await giveName(plain, path);
  if (plain !== partial) await rm(partial, { force: true });
  await forgetRanges(partial);
  return { manifest, isProven, path, beside };
};

const refuseExisting = async (path: string): Promise<void> => {
  const isThere = await access(path).then(
    () => true,
    () => false,
  );
  if (isThere) throw existsFault(path);
};

const existsFault = (path: string): Fault =>
  new Fault("backup.restore", `${path} is there already.`, {
    hint: "name a file that isn't there: nothing is ever written over",
  });

const noIdentity = ({ key }: Manifest): Fault =>
  new Fault("backup.restore", `“${key}” is encrypted, and no identity is here to read it.`, {
    hint: "put the private key of age into DAYBREAK_BACKUP_IDENTITY, or its file into DAYBREAK_BACKUP_IDENTITY_FILE",
  });

const plainOf = async (
  { manifest, partial, path }: { readonly manifest: Manifest; readonly partial: string; readonly path: string },
  { identity, signal }: RestoreParts,
): Promise<string> => {
  if (manifest.encryption === null) return partial;
  const plain = `${path}.decrypted`;
  await rm(plain, { force: true });
  await decryptFile({ from: partial, to: plain, signal }, identity ?? "");
  return plain;
};

/** A link never replaces, unlike a rename; where a file system has no links, the look before the rename must do. */
const giveName = async (from: string, path: string): Promise<void> => {
  try {
    await link(from, path);
    await rm(from);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : "";
    if (code === "EEXIST") throw existsFault(path);
    await refuseExisting(path);
    await rename(from, path);
  }
};

/** An archive of the bucket as its own manifest tells of it. */
export interface Found {
  readonly manifest: Manifest;
  readonly state: ArchiveState | null;
}

/** Proven by the manifest's word or by the catalogue's, and condemned by neither. */
const isProvenOne = ({ manifest, state }: Found): boolean =>
  state === null ? manifest.verify !== null && manifest.suspect === null : state === "verified";

const choose = async (
  ask: RestoreAsk,
  parts: RestoreParts,
): Promise<{ readonly manifest: Manifest; readonly isProven: boolean }> => {
  const keys = await keysOf(ask, parts);
  let unproven: Found | null = null;
  // Newest first: the first one that will do ends the search, so that few manifests are read.
  for (const key of keys) {
    const read = await persist(() => readManifest(ask.bucket, key), parts);
    if (read.kind !== "manifest") continue;
    const found = { manifest: read.manifest, state: await parts.stateOf(key) };
    if (isProvenOne(found)) return { manifest: found.manifest, isProven: true };
    unproven ??= found;
    if (ask.force) break;
  }
  if (unproven === null) throw noneFault(ask, keys.length);
  if (!ask.force) throw unprovenFault(unproven);
  return { manifest: unproven.manifest, isProven: false };
};

const keysOf = async ({ backup, bucket, wanted }: RestoreAsk, parts: RestoreParts): Promise<readonly string[]> => {
  const read = keyReader(backup);
  const found = await persist(async () => {
    const archives: { readonly key: string; readonly date: string }[] = [];
    for await (const page of bucket.pages(prefixOfKeys(backup), parts.signal)) {
      for (const { key } of page) {
        const own = read(key);
        if (own?.kind === "manifest") archives.push({ key: own.archive, date: own.date });
      }
    }
    return archives;
  }, parts);
  return found
    .filter(({ date }) => wanted.kind === "latest" || date === wanted.date)
    .sort((a, b) => (a.key < b.key ? 1 : -1))
    .map(({ key }) => key);
};

const noneFault = ({ backup, wanted }: RestoreAsk, unreadable: number): Fault => {
  const which = wanted.kind === "latest" ? "" : ` of ${wanted.date}`;
  const what = unreadable === 0 ? "has no archive" : "has no archive with a manifest that can be read";
  return new Fault("backup.restore", `“${backup.name}” ${what}${which}.`, {
    hint: `look what there is: daybreak backup list ${backup.name}`,
  });
};

const unprovenFault = ({ manifest, state }: Found): Fault => {
  const how = state === null || state === "made" ? "has not been read back yet" : `is ${state}`;
  return new Fault("backup.restore", `“${manifest.key}” ${how}.`, {
    hint: `prove it first (daybreak backup verify ${manifest.backup}), or take it all the same: --force`,
  });
};

/** What to do with a restored file, as its report server's own documentation has it. */
export const nextCommand = (
  { producer }: Pick<Backup, "producer">,
  { path, beside }: Pick<Restored, "path" | "beside">,
): readonly string[] => {
  const file = quoted(path);
  switch (producer.kind) {
    case "tableau":
      return [
        "# The Tableau Server must have the same version as the one that made the archive.",
        `tsm maintenance restore --file ${file}`,
        ...beside.map((one) => `tsm settings import -f ${quoted(one)}`),
        "tsm pending-changes apply",
      ];
    case "postgres":
      return [`pg_restore --clean --if-exists --no-owner --dbname=<address of the database> ${file}`];
    case "own":
      return [
        "# Into an empty database: the one that the configuration names, or the one that comes along with its folder moved away.",
        `daybreak backup load ${file}`,
        "daybreak adopt --discard-waiting",
      ];
    case "sqlite":
      return ["# Stop the program that uses it first.", `cp ${file} '${producer.file}'`];
    case "folder":
      return [`tar --zstd -xf ${file} -C <an empty folder>`];
    case "command":
      // Its own line may hold a password, so it isn't repeated here.
      return [`# Made by the command of this backup in the configuration; its file is back:`, `ls -l ${file}`];
  }
};

const quoted = (path: string): string => (/^[\w./:\\-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`);
