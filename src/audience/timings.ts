import { schedulesOfAll, type Timing } from "#audience/plan.ts";
import type { Report } from "#model/report.ts";
import { before, later, type Temporal } from "#model/time.ts";
import type { Clock } from "#runtime/clock.ts";
import { lookForChanges } from "#store/changes.ts";
import type { Db } from "#store/db.ts";
import { peopleInParts } from "#store/people.ts";
import type { Pool } from "#store/pool.ts";
import type { KnownReport } from "#store/reports.ts";

const readTimings = (db: Db, report: Report): Promise<readonly Timing[]> =>
  schedulesOfAll(
    report,
    peopleInParts(
      db,
      [report, ...report.bundled].map((one) => one.name),
    ),
  );

interface Memory {
  readonly version: string;
  readonly horizon: string;
  readonly readAt: Temporal.Instant;
  readonly timings: readonly Timing[];
}

/** Rows that came in without the audit's triggers (by replication, by an emptied table) are seen after so long. */
const longestMs = 10 * 60_000;

/** The schedules and zones that a report's people make necessary, remembered for as long as nobody's rows change. */
export const rememberTimings = ({ pool, clock }: { readonly pool: Pool; readonly clock: Clock }) => {
  const memories = new Map<string, Memory>();
  return async ({ report, version }: Pick<KnownReport, "report" | "version">): Promise<readonly Timing[]> => {
    const known = memories.get(report.name);
    const { horizon, changed } = await lookForChanges(pool, known?.horizon ?? null);
    const now = clock.now();
    const isFresh = known?.version === version && !changed && before(now, later(known.readAt, longestMs));
    const memory: Memory = isFresh
      ? { ...known, horizon }
      : { version, horizon, readAt: now, timings: await readTimings(pool, report) };
    memories.set(report.name, memory);
    return memory.timings;
  };
};
