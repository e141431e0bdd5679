import { manifestKey } from "#backup/plan/keys.ts";
import { type Manifest, manifestText, parseManifest, type ReadManifest } from "#backup/plan/manifest.ts";
import type { Bucket } from "#bucket/port.ts";
import { Fault } from "#model/fault.ts";

/** Reads an archive's manifest. One that speaks of another key was copied or moved by hand and proves nothing: it counts as broken. */
export const readManifest = async (
  bucket: Pick<Bucket, "get">,
  archive: string,
): Promise<ReadManifest | { readonly kind: "none" }> => {
  const bytes = await bucket.get(manifestKey(archive));
  if (bytes === null) return { kind: "none" };
  const read = parseManifest(new TextDecoder().decode(bytes));
  if (read.kind !== "manifest" || read.manifest.key === archive) return read;
  return { kind: "broken", words: `it speaks of “${read.manifest.key}”` };
};

/** Writes an archive's manifest: from then on the archive counts. */
export const writeManifest = (bucket: Pick<Bucket, "put">, manifest: Manifest): Promise<void> =>
  bucket.put(manifestKey(manifest.key), new TextEncoder().encode(manifestText(manifest)));

/** Writes an archive's manifest anew with what has become known of it. Throws `backup.refused` where there is none that can be read. */
export const changeManifest = async (
  bucket: Pick<Bucket, "get" | "put">,
  archive: string,
  change: Partial<Pick<Manifest, "verify" | "suspect" | "accepted" | "pin">>,
): Promise<Manifest> => {
  const read = await readManifest(bucket, archive);
  if (read.kind !== "manifest") throw unreadable(archive, read);
  const manifest = { ...read.manifest, ...change };
  await writeManifest(bucket, manifest);
  return manifest;
};

const unreadable = (
  archive: string,
  read: Exclude<Awaited<ReturnType<typeof readManifest>>, { kind: "manifest" }>,
): Fault => {
  switch (read.kind) {
    case "none":
      return new Fault("backup.refused", `“${archive}” has no manifest.`, {
        hint: "bring it under the rotation: daybreak backup adopt <name>",
      });
    case "unknown-version":
      return new Fault(
        "backup.refused",
        `The manifest of “${archive}” has version ${read.version}, which this Daybreak doesn't know.`,
        {
          hint: "use the newer Daybreak that wrote it",
        },
      );
    case "broken":
      return new Fault("backup.refused", `The manifest of “${archive}” can't be read: ${read.words}.`, {
        hint: "read the archive back and write a new one: daybreak backup adopt <name>",
      });
  }
};
