import { join } from "node:path";
import type { Tools } from "#app.ts";
import type { Config } from "#config/config.ts";
import { startEmbedded } from "#store/embedded.ts";
import { type DatabaseState, examineDatabase } from "#store/examine.ts";
import { type Migrated, migrate } from "#store/migrate.ts";
import { openPool, type Pool } from "#store/pool.ts";

/** Opens the configured database or the embedded one, and brings its schema up to this program. What it opens is closed by `stack`. */
export const openDatabase = async (
  { config, log, onProgress }: Pick<Tools, "config" | "log" | "onProgress">,
  stack: AsyncDisposableStack,
): Promise<{ readonly pool: Pool; readonly url: string; readonly migrated: Migrated }> => {
  const url = await urlOf({ config, log, onProgress }, stack);
  const pool = stack.use(poolAt(url));
  return { pool, url, migrated: await migrate(pool) };
};

const urlOf = async (
  { config, log, onProgress }: Pick<Tools, "config" | "log" | "onProgress">,
  stack: AsyncDisposableStack,
): Promise<string> => {
  const dir = join(config.home, "postgres");
  return config.database ?? stack.use(await startEmbedded({ dir, log, onProgress })).url;
};

const poolAt = (url: string): Pool =>
  openPool(url, { max: 12, statementTimeoutMs: 30_000, applicationName: "daybreak" });

/** Starts the database where it is ours, and looks at it without changing its schema. */
export const examineOwn = async (
  config: Config,
  told: Pick<Tools, "log" | "onProgress">,
): Promise<DatabaseState | null> => {
  await using stack = new AsyncDisposableStack();
  return await examineDatabase(stack.use(poolAt(await urlOf({ config, ...told }, stack))));
};
