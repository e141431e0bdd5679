import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createZstdCompress } from "node:zlib";
import type { Produced } from "#backup/port.ts";
import { finish } from "#backup/produce/finished.ts";
import type { Making } from "#backup/produce/making.ts";

/** Daybreak's own database as SQL, compressed. */
export const dumpOwn = async ({ scratch, stem, extension, ownRows, signal }: Making<"own">): Promise<Produced> => {
  const path = join(scratch, `${stem}.${extension}`);
  const file = createWriteStream(path, { flags: "wx", mode: 0o600, flush: true });
  await pipeline(Readable.from(ownRows(signal)), createZstdCompress(), file, { signal });
  await finish({ path, extension, by: "The dump of the own database" });
  return { path, extension, inScratch: true, beside: [], words: "", version: null };
};
