/** Into which parts an archive is cut: pure arithmetic, so that a resumed upload cuts the same archive the same way. */

const MiB = 1024 * 1024;

/** Bounds of cutting; tests shrink them. */
export interface PartBounds {
  /** No part but the last is smaller; S3 refuses less than 5 MiB. */
  readonly smallestBytes: number;
  /** Most parts of an archive: S3 allows 10,000, the rest is reserve. */
  readonly mostParts: number;
  /** Parts that are sent at once, as long as they fit into `inFlightBytes`. */
  readonly atOnce: number;
  /** What parts in flight may take of the memory together. */
  readonly inFlightBytes: number;
}

/** The bounds that the uploading process stays below 250 MB with, at any size of archive. */
export const usualBounds: PartBounds = {
  smallestBytes: 16 * MiB,
  mostParts: 9_000,
  atOnce: 4,
  inFlightBytes: 48 * MiB,
};

/** One part: bytes `[from, to)` of the file. Numbers begin at 1. */
export interface Part {
  readonly n: number;
  readonly from: number;
  readonly to: number;
}

/** How an archive of one size is cut and sent. */
export interface Cut {
  readonly partBytes: number;
  readonly parts: readonly Part[];
  /** Parts that are sent at once, at least one. */
  readonly atOnce: number;
}

/** Cuts an archive of so many bytes. */
export const cutArchive = (bytes: number, bounds: PartBounds = usualBounds): Cut => {
  const wanted = Math.ceil(Math.ceil(bytes / bounds.mostParts) / MiB) * MiB;
  const partBytes = wanted <= MiB ? bounds.smallestBytes : Math.max(bounds.smallestBytes, wanted);
  const count = Math.max(1, Math.ceil(bytes / partBytes));
  const parts = Array.from({ length: count }, (_, index) => ({
    n: index + 1,
    from: index * partBytes,
    to: Math.min(bytes, (index + 1) * partBytes),
  }));
  return { partBytes, parts, atOnce: atOnceOf(partBytes, bounds) };
};

const atOnceOf = (partBytes: number, { atOnce, inFlightBytes }: PartBounds): number =>
  Math.max(1, Math.min(atOnce, Math.floor(inFlightBytes / partBytes)));

/** A part that somebody has a record of. */
export interface KnownPart {
  readonly n: number;
  readonly etag: string;
  readonly bytes: number;
}

/** What is compared on a resume. */
export interface ResumeFacts {
  readonly cut: Cut;
  /** SHA-256 of each part of the file as it is now, by position. */
  readonly hashes: readonly string[];
  /** Our own rows. */
  readonly recorded: readonly (KnownPart & { readonly sha256: string })[];
  /** What the bucket says has arrived. */
  readonly arrived: readonly KnownPart[];
}

/** Parts that need not be sent again: recorded and arrived alike, of the right size, and of bytes that are the file's today. */
export const keptParts = ({ cut, hashes, recorded, arrived }: ResumeFacts): readonly KnownPart[] => {
  const there = new Map(arrived.map((part) => [part.n, part]));
  return recorded.filter(({ n, etag, bytes, sha256 }) => {
    const part = cut.parts[n - 1];
    const found = there.get(n);
    if (part === undefined || found === undefined) return false;
    return bytes === part.to - part.from && found.bytes === bytes && found.etag === etag && hashes[n - 1] === sha256;
  });
};
