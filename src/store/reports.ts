import { Fault } from "#model/fault.ts";
import type { Report } from "#model/report.ts";
import type { Temporal } from "#model/time.ts";
import { as, at, changed, type Db, instant, json, many, one, type Row, text } from "#store/db.ts";

/** Every statement about reports, their versions and schedules; a test prepares each. */
export const statements = {
  putVersion: `insert into report_versions (hash, report, definition, known_since) values ($1, $2, $3, $4)
    on conflict (hash) do nothing`,
  version: "select definition from report_versions where hash = $1",
  putReport: `insert into reports (name, version, mode_since, mailer) values ($1, $2, $3, $4)
    on conflict (name) do update set version = excluded.version, mailer = excluded.mailer, present = true`,
  retire: "update reports set present = false where present and name <> all($1::text[])",
  reports:
    "select r.*, v.definition from reports r join report_versions v on v.hash = r.version where present order by name",
  mode: "select mode from reports where name = $1",
  current:
    "select r.*, v.definition from reports r join report_versions v on v.hash = r.version where present and name = $1",
  setMode: "update reports set mode = $2, mode_since = $3 where name = $1 and present",
  schedules: "select * from schedules where report = $1",
  putSchedule: `insert into schedules (report, schedule, zone, known_since) values ($1, $2, $3, $4)
    on conflict (report, schedule, zone) do nothing`,
  forgetSchedule: "delete from schedules where report = $1 and schedule = $2 and zone = $3",
};

/** A report as the database knows it. */
export interface KnownReport {
  readonly report: Report;
  readonly version: string;
  readonly mode: "trial" | "live";
}

const toReport = (row: Row): KnownReport => ({
  report: as<Report>(row, "definition"),
  version: text(row, "version"),
  mode: as<KnownReport["mode"]>(row, "mode"),
});

/** A report's definition as it is published. */
export interface NewReport {
  readonly report: Report;
  readonly version: string;
  /** How its live emails leave: `smtp`, `sendgrid` or `folder`. */
  readonly mailer: string;
}

/** Makes a definition known and current; a report that is new starts in trial. */
export const putReport = async (
  db: Db,
  { report, version, mailer, now }: NewReport & { readonly now: Temporal.Instant },
): Promise<void> => {
  await db.query(statements.putVersion, [version, report.name, json(report), at(now)]);
  await db.query(statements.putReport, [report.name, version, at(now), mailer]);
};

/** Marks reports that the configuration no longer names; their history stays. */
export const retireOthers = async (db: Db, names: readonly string[]): Promise<void> => {
  await db.query(statements.retire, [names]);
};

/** The reports of the configuration that was last loaded. */
export const allReports = (db: Db): Promise<KnownReport[]> =>
  many(db, { text: statements.reports, values: [], map: toReport });

/** One report of the configuration that was last loaded, or `null`. */
export const reportByName = (db: Db, name: string): Promise<KnownReport | null> =>
  one(db, { text: statements.current, values: [name], map: toReport });

/** Whether a report is in trial or live today; one that is gone counts as in trial. */
export const modeOfReport = async (db: Db, name: string): Promise<KnownReport["mode"]> =>
  (await one(db, { text: statements.mode, values: [name], map: (row) => as<KnownReport["mode"]>(row, "mode") })) ??
  "trial";

/** A definition by its hash, as it was when a slot was made from it. */
export const reportVersion = (db: Db, hash: string): Promise<Report | null> =>
  one(db, { text: statements.version, values: [hash], map: (row) => as<Report>(row, "definition") });

/** Sets a report live or back to trial; false when there is none of that name. */
export const setMode = async (
  db: Db,
  { name, mode, now }: { readonly name: string; readonly mode: "trial" | "live"; readonly now: Temporal.Instant },
): Promise<boolean> => (await changed(db, statements.setMode, [name, mode, at(now)])) > 0;

/** A schedule in one zone, and since when it has been known. */
export interface KnownSchedule {
  readonly schedule: string;
  readonly zone: string;
  readonly knownSince: Temporal.Instant;
}

/** Makes the schedules of a report exactly `wanted`, and returns them with the time since when each has been known. */
export const syncSchedules = async (
  db: Db,
  {
    report,
    wanted,
    now,
  }: {
    readonly report: string;
    readonly wanted: readonly { schedule: string; zone: string }[];
    readonly now: Temporal.Instant;
  },
): Promise<KnownSchedule[]> => {
  const known = await schedulesOf(db, report);
  const same = (a: { schedule: string; zone: string }) => (b: { schedule: string; zone: string }) =>
    a.schedule === b.schedule && a.zone === b.zone;
  for (const gone of known.filter((one) => !wanted.some(same(one)))) {
    await db.query(statements.forgetSchedule, [report, gone.schedule, gone.zone]);
  }
  const fresh = wanted.filter((one) => !known.some(same(one)));
  for (const { schedule, zone } of fresh) await db.query(statements.putSchedule, [report, schedule, zone, at(now)]);
  return fresh.length === 0 && known.length === wanted.length ? known : schedulesOf(db, report);
};

/** The schedules of a report as they were seen last, with the time since when each has been known. */
export const schedulesOf = (db: Db, report: string): Promise<KnownSchedule[]> =>
  many(db, {
    text: statements.schedules,
    values: [report],
    map: (row) => ({
      schedule: text(row, "schedule"),
      zone: text(row, "zone"),
      knownSince: instant(row, "known_since"),
    }),
  });

/** Makes a configuration's reports known, so that workers everywhere read the same version; those that it no longer has are retired. */
export const publishReports = async (db: Db, versions: readonly NewReport[], now: Temporal.Instant): Promise<void> => {
  for (const one of versions) await putReport(db, { ...one, now });
  await retireOthers(
    db,
    versions.map(({ report }) => report.name),
  );
};

/** What a slot or delivery was made from. */
interface MadeOf {
  readonly report: string;
  readonly version: string;
}

/** A report as it was when a slot or delivery was made, alone or with its mode of today. Versions never change, so they are kept in memory. */
export const rememberReports = (db: Db) => {
  const versions = new Map<string, Report>();
  const definitionOf = async ({ report: name, version }: MadeOf): Promise<Report> => {
    const report = versions.get(version) ?? (await reportVersion(db, version));
    if (report === null) {
      throw new Fault("store.not-found", `Version ${version} of report “${name}” is not in the database.`, {
        hint: "restore the database, or discard what refers to it",
      });
    }
    versions.set(version, report);
    return report;
  };
  const reportOf = async (made: MadeOf): Promise<KnownReport> => ({
    report: await definitionOf(made),
    version: made.version,
    mode: await modeOfReport(db, made.report),
  });
  return { definitionOf, reportOf };
};
