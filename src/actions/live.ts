import { reportNamed } from "#actions/named.ts";
import type { Clock } from "#runtime/clock.ts";
import { type Pool, transaction } from "#store/pool.ts";
import { setMode } from "#store/reports.ts";

/** What changing a report's mode uses. */
export interface ModeParts {
  readonly pool: Pool;
  readonly clock: Clock;
}

/** What a change of mode did. */
export interface ModeChange {
  readonly report: string;
  readonly before: "trial" | "live";
  readonly after: "trial" | "live";
}

/** Sends a report's mail to its audience from now on (`live`), or back to the outbox (`trial`). Recorded with who did it. */
export const changeMode = async (
  ask: { readonly report: string; readonly mode: "trial" | "live"; readonly by: string },
  { pool, clock }: ModeParts,
): Promise<ModeChange> => {
  const { mode: before } = await reportNamed(ask.report, pool);
  const move = { name: ask.report, mode: ask.mode, now: clock.now() };
  if (before !== ask.mode) await transaction(pool, (db) => setMode(db, move), ask.by);
  return { report: ask.report, before, after: ask.mode };
};
