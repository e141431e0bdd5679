import { keyReader, type Naming, prefixOfKeys } from "#backup/plan/keys.ts";
import type { ArchiveBucket } from "#bucket/port.ts";

/** What a bucket shows of one backup, by the names alone. */
export interface Seen {
  /** Keys of archives, with their sizes. */
  readonly archives: ReadonlyMap<string, number>;
  /** Keys of archives that have a manifest. */
  readonly manifests: ReadonlySet<string>;
  /** Files beside archives, by the archive's key. */
  readonly beside: ReadonlyMap<string, readonly string[]>;
  /** How many objects below the prefix are somebody else's; they are never touched. */
  readonly foreign: number;
}

/** Lists everything below a backup's prefix, page by page, and tells our own from everybody else's. */
export const lookAt = async (
  bucket: Pick<ArchiveBucket, "pages">,
  naming: Naming,
  signal?: AbortSignal,
): Promise<Seen> => {
  const read = keyReader(naming);
  const archives = new Map<string, number>();
  const manifests = new Set<string>();
  const beside = new Map<string, string[]>();
  let foreign = 0;
  for await (const page of bucket.pages(prefixOfKeys(naming), signal)) {
    for (const { key, bytes } of page) {
      const own = read(key);
      if (own === null) foreign += 1;
      else if (own.kind === "archive") archives.set(key, bytes);
      else if (own.kind === "manifest") manifests.add(own.archive);
      else beside.set(own.archive, [...(beside.get(own.archive) ?? []), key]);
    }
  }
  return { archives, manifests, beside, foreign };
};

/** The keys of archives that the bucket has and a catalogue doesn't. */
export const uncatalogued = (seen: Seen, known: readonly { readonly key: string }[]): readonly string[] => {
  const keys = new Set(known.map(({ key }) => key));
  return [...seen.archives.keys()].filter((key) => !keys.has(key));
};
