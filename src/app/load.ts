import { createReadStream } from "node:fs";
import { pipeline } from "node:stream";
import { createZstdDecompress } from "node:zlib";
import { openBare } from "#app/database.ts";
import type { Tools } from "#app.ts";
import { Fault, wordsOf } from "#model/fault.ts";
import { loadRows } from "#store/load-rows.ts";
import { type Migrated, migrate } from "#store/migrate.ts";

/** What bringing a dump back did. */
export interface Loaded {
  readonly statements: number;
  readonly migrated: Migrated;
}

/** Brings a dump of Daybreak's own database back into an empty one, and its schema up to this program. */
export const loadDump = async (file: string, tools: Pick<Tools, "config" | "log" | "onProgress">): Promise<Loaded> => {
  await using stack = new AsyncDisposableStack();
  const pool = await openBare(tools, stack);
  const statements = await loadRows(pool, textOf(file));
  return { statements, migrated: await migrate(pool) };
};

const bytesOf = (file: string): AsyncIterable<Uint8Array> => {
  const bytes = createReadStream(file);
  // Whoever reads the end learns what happened to the source.
  return file.endsWith(".zst") ? pipeline(bytes, createZstdDecompress(), () => {}) : bytes;
};

async function* textOf(file: string): AsyncGenerator<string> {
  try {
    const decoder = new TextDecoder("utf-8", { fatal: true });
    for await (const piece of bytesOf(file)) yield decoder.decode(piece, { stream: true });
    yield decoder.decode();
  } catch (cause) {
    if (cause instanceof Fault) throw cause;
    const hint = "name a dump of Daybreak's own database, such as daybreak.sql.zst";
    throw new Fault("backup.restore", `${file} can't be read: ${wordsOf(cause)}`, { hint, cause });
  }
}
