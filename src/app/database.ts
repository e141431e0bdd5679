import { join } from "node:path";
import { refusalOf } from "#app/installation.ts";
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

/** Opens the configured database or the embedded one as it is, without a look at its schema. */
export const openBare = async (
  told: Pick<Tools, "config" | "log" | "onProgress">,
  stack: AsyncDisposableStack,
): Promise<Pool> => stack.use(poolAt(await urlOf(told, stack)));

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
): Promise<ExaminedDatabase | null> => {
  await using stack = new AsyncDisposableStack();
  const pool = stack.use(poolAt(await urlOf({ config, ...told }, stack)));
  const state = await examineDatabase(pool);
  if (state === null) return null;
  return { ...state, refusal: state.schema.is === "current" ? await refusalOf({ config, pool }) : null };
};

/** How the database stands, and why no live email leaves from it; `null`: they may. */
export interface ExaminedDatabase extends DatabaseState {
  readonly refusal: string | null;
}
