/** What the tables say to whoever only looks. */
import { nobody } from "#actions/roster.ts";
import type { People } from "#model/people.ts";
import { peopleOf } from "#store/people.ts";
import type { Pool } from "#store/pool.ts";
import { modeOfReport } from "#store/reports.ts";

/** What is read of the tables for a look ahead. */
export interface Tables {
  readonly people: (reports: readonly string[]) => Promise<People>;
  readonly modeOf: (report: { readonly name: string }) => Promise<"trial" | "live">;
}

/** The tables of a database. */
export const tablesIn = (pool: Pool): Tables => ({
  people: (reports) => peopleOf(pool, reports),
  modeOf: ({ name }) => modeOfReport(pool, name),
});

/** Where there is no database yet: nobody is kept by hand, and every report begins in trial. */
export const emptyTables: Tables = { people: async () => nobody, modeOf: async () => "trial" };
