import { mistakesOfGroups, schedulesOfAll, type Timing } from "#audience/plan.ts";
import type { People } from "#model/people.ts";
import type { Report } from "#model/report.ts";
import { before, later, type Temporal } from "#model/time.ts";
import type { Clock } from "#runtime/clock.ts";
import { lookForChanges } from "#store/changes.ts";
import type { Db } from "#store/db.ts";
import { peopleInParts } from "#store/people.ts";
import type { Pool } from "#store/pool.ts";
import type { KnownReport } from "#store/reports.ts";

/** What a report's people make necessary. */
export interface Necessary {
  readonly timings: readonly Timing[];
  /** What in the tables can't be read and concerns nobody in particular, in words. */
  readonly mistakes: readonly string[];
}

const readNecessary = async (db: Db, report: Report): Promise<Necessary> => {
  const mistakes = new Set<string>();
  const names = [report, ...report.bundled].map((one) => one.name);
  const looked = async function* (): AsyncGenerator<People, void, undefined> {
    for await (const people of peopleInParts(db, names)) {
      for (const { place, what } of mistakesOfGroups(report, people)) mistakes.add(`${place}: ${what}`);
      yield people;
    }
  };
  return { timings: await schedulesOfAll(report, looked()), mistakes: [...mistakes] };
};

interface Memory {
  readonly version: string;
  readonly horizon: string;
  readonly readAt: Temporal.Instant;
  readonly necessary: Necessary;
}

/** Rows that came in without the audit's triggers (by replication, by an emptied table) are seen after so long. */
const longestMs = 10 * 60_000;

/** The schedules and zones that a report's people make necessary, remembered for as long as nobody's rows change. */
export const rememberTimings = ({ pool, clock }: { readonly pool: Pool; readonly clock: Clock }) => {
  const memories = new Map<string, Memory>();
  return async ({ report, version }: Pick<KnownReport, "report" | "version">): Promise<Necessary> => {
    const known = memories.get(report.name);
    const { horizon, changed } = await lookForChanges(pool, known?.horizon ?? null);
    const now = clock.now();
    const isFresh = known?.version === version && !changed && before(now, later(known.readAt, longestMs));
    const memory: Memory = isFresh
      ? { ...known, horizon }
      : { version, horizon, readAt: now, necessary: await readNecessary(pool, report) };
    memories.set(report.name, memory);
    return memory.necessary;
  };
};
