/** What the tables say to whoever only looks. */
import { nobody } from "#actions/roster.ts";
import { schedulesOfAll, type Timing } from "#audience/plan.ts";
import type { People } from "#model/people.ts";
import type { Report } from "#model/report.ts";
import { peopleInParts, peopleOf } from "#store/people.ts";
import type { Pool } from "#store/pool.ts";
import { modeOfReport } from "#store/reports.ts";

/** What is read of the tables for a look ahead. */
export interface Tables {
  readonly people: (reports: readonly string[]) => Promise<People>;
  /** The schedules and zones that a report's people make necessary, as they are kept now. */
  readonly timings: (report: Report) => Promise<readonly Timing[]>;
  readonly modeOf: (report: { readonly name: string }) => Promise<"trial" | "live">;
}

/** The tables of a database. */
export const tablesIn = (pool: Pool): Tables => ({
  people: (reports) => peopleOf(pool, reports),
  timings: (report) => {
    const names = [report, ...report.bundled].map((one) => one.name);
    return schedulesOfAll(report, peopleInParts(pool, names));
  },
  modeOf: ({ name }) => modeOfReport(pool, name),
});

/** Where there is no database yet: nobody is kept by hand, and every report begins in trial. */
export const emptyTables: Tables = {
  people: async () => nobody,
  timings: async () => [],
  modeOf: async () => "trial",
};
