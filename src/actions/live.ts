import { Fault } from "#model/fault.ts";
import type { Clock } from "#runtime/clock.ts";
import { type Pool, transaction } from "#store/pool.ts";
import { allReports, setMode } from "#store/reports.ts";

/** What changing a report's mode uses. */
export interface ModeParts {
  readonly pool: Pool;
  readonly clock: Clock;
}

/** Sends a report's mail to its audience from now on (`live`), or back to the outbox (`trial`). Recorded with who did it. */
export const changeMode = async (
  ask: { readonly report: string; readonly mode: "trial" | "live"; readonly by: string },
  { pool, clock }: ModeParts,
): Promise<void> => {
  const done = await transaction(
    pool,
    (db) => setMode(db, { name: ask.report, mode: ask.mode, now: clock.now() }),
    ask.by,
  );
  if (!done) await refuseUnknown(ask.report, pool);
};

/** Says which reports there are instead. */
export const refuseUnknown = async (name: string, pool: Pool): Promise<never> => {
  const names = (await allReports(pool)).map((known) => known.report.name);
  const hint = names.length === 0 ? "the configuration has no reports" : `there are: ${names.join(", ")}`;
  throw new Fault("store.not-found", `There is no report “${name}”.`, { hint });
};
