import { createHash } from "node:crypto";
import type { App } from "#app.ts";
import { schedulesOf } from "#audience/plan.ts";
import type { Config } from "#config/config.ts";
import type { Report } from "#model/report.ts";
import type { HolidayMemory } from "#schedule/calendar.ts";
import { tick } from "#schedule/run.ts";
import { peopleOf } from "#store/people.ts";
import { transaction } from "#store/pool.ts";
import { allReports, publishReports } from "#store/reports.ts";
import { type Concurrency, knowServers } from "#store/servers.ts";

/** Makes the configuration's reports known to the database, so that workers read the same version everywhere. */
export const publish = ({ config, pool, clock }: Pick<App, "config" | "pool" | "clock">): Promise<void> => {
  const mailer = config.mail.via.kind;
  const versions = config.reports.map((report) => ({ report, version: versionOf(report), mailer }));
  return transaction(pool, async (db) => {
    await publishReports(db, versions, clock.now());
    await knowServers(db, concurrencyOf(config.servers), true);
  });
};

/** Most renders at a time on each server, as a configuration says. */
export const concurrencyOf = (servers: Config["servers"]): Concurrency =>
  Object.fromEntries(servers.map(({ name, concurrency }) => [name, concurrency]));

/** A report version's name: the hash of its definition. */
export const versionOf = (report: Report): string =>
  createHash("sha256").update(JSON.stringify(report)).digest("hex").slice(0, 16);

/** Ticks every report of the configuration; one whose people or calendar can't be read stops only itself. */
export const tickAll = async (
  { pool, clock, log }: Pick<App, "pool" | "clock" | "log">,
  holidays: HolidayMemory["of"],
): Promise<number> => {
  let made = 0;
  for (const known of await allReports(pool)) {
    try {
      const people = await peopleOf(
        pool,
        [known.report, ...known.report.bundled].map((report) => report.name),
      );
      made += await tick({ ...known, wanted: schedulesOf(known.report, people) }, { pool, clock, log, holidays });
    } catch (error) {
      log.error("tick.fault", { report: known.report.name, error });
    }
  }
  return made;
};
