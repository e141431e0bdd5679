import { adoptDatabase, joinInstallation } from "#app/installation.ts";
import type { App } from "#app.ts";
import { owedSlots, passOver } from "#schedule/run.ts";
import type { Session } from "#store/pool.ts";
import { allReports } from "#store/reports.ts";

type Opened = Pick<App, "config" | "pool" | "clock" | "log" | "holidays">;

/** What adopting the database of an open app uses. */
export const adoptingParts = (open: Opened, by: string) => ({
  pool: open.pool,
  clock: open.clock,
  adopt: () => adoptDatabase(open, by),
  join: () => joinInstallation(open),
  owed: async () => {
    const { pool, clock, holidays } = open;
    const live = (await allReports(pool)).filter(({ mode }) => mode === "live");
    const slots = (
      await Promise.all(live.map((known) => owedSlots(known, { pool, clock, holidays: holidays.of })))
    ).flat();
    return {
      count: slots.filter(({ skipped }) => skipped === null).length,
      passOver: (db: Session, reason: string) => passOver(db, slots, reason),
    };
  },
});
