import { createHash } from "node:crypto";
import type { App } from "#app.ts";
import type { Necessary } from "#audience/timings.ts";
import type { Config } from "#config/config.ts";
import type { Trouble } from "#model/alert.ts";
import { wordsOf } from "#model/fault.ts";
import type { Report } from "#model/report.ts";
import type { HolidayMemory } from "#schedule/calendar.ts";
import { tick } from "#schedule/run.ts";
import { transaction } from "#store/pool.ts";
import { allReports, type KnownReport, publishReports } from "#store/reports.ts";
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

/** What a tick asks and tells. */
export interface TickParts {
  readonly holidays: HolidayMemory["of"];
  readonly timings: (known: KnownReport) => Promise<Necessary>;
  readonly tell: (key: string, trouble: Pick<Trouble, "subject" | "lines"> | null) => Promise<void>;
  /** Takes all rows of the tables by which nobody gets a report, and the beginnings of the keys of reports that could not be looked at. */
  readonly tellRows: (troubles: readonly Trouble[], unseen: readonly string[]) => Promise<void>;
}

/** Of a report; more is one mistake that was made many times, and nobody reads them all. */
const mostRows = 20;

/** Ticks every report of the configuration; one whose people or calendar can't be read stops only itself. */
export const tickAll = async (
  { pool, clock, log }: Pick<App, "pool" | "clock" | "log">,
  { holidays, timings, tell, tellRows }: TickParts,
): Promise<number> => {
  let made = 0;
  const rows: Trouble[] = [];
  const unseen: string[] = [];
  for (const known of await allReports(pool)) {
    try {
      const necessary = await timings(known);
      const ticked = await tick({ ...known, wanted: necessary.timings }, { pool, clock, log, holidays });
      made += ticked.made;
      await tell(`tick:${known.report.name}`, null);
      const mistakes = [...necessary.mistakes, ...ticked.mistakes].slice(0, mostRows);
      rows.push(...mistakes.map((mistake) => oddRow(known.report.name, mistake)));
    } catch (error) {
      log.error("tick.fault", { report: known.report.name, error });
      unseen.push(`rows:${known.report.name}:`);
      const subject = `${known.report.name}: when it is due can't be worked out`;
      await tell(`tick:${known.report.name}`, { subject, lines: [wordsOf(error), "It is tried again each minute."] });
    }
  }
  await tellRows(rows, unseen);
  return made;
};

/** Who should have got a report by this row gets nothing, and is nobody whom a slot could name. */
const oddRow = (report: string, mistake: string): Trouble => ({
  key: `rows:${report}:${createHash("sha256").update(mistake).digest("hex").slice(0, 8)}`,
  severity: "critical",
  subject: `${report}: nobody gets it by a row of the tables`,
  lines: [mistake, "Correct it in the tables; daybreak check names it, too."],
});
