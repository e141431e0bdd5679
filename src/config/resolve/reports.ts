import { statSync } from "node:fs";
import { resolve } from "node:path";
import type { Path } from "#config/document.ts";
import { type Context, declared, unknownName } from "#config/resolve/context.ts";
import { factsOf, readinessOf, sourceOf, spoken } from "#config/resolve/questions.ts";
import { type ReportEntry, viewsOf } from "#config/resolve/views.ts";
import { firstWaveOf } from "#config/resolve/waves.ts";
import { nearestOf, quoted } from "#model/nearest.ts";
import type { AudienceSource, FilterSource, ProofRules, Report } from "#model/report.ts";
import type { CronExpression, Schedule } from "#model/schedule.ts";

interface Timing {
  readonly schedule: Schedule;
  /** `null`: it couldn't be read, and a mistake is noted. */
  readonly expression: CronExpression | null;
}

/** What `at: weekdays 07:00` is short for. */
const plainSchedule = { holidays: "skip", catchUp: { within: 3 * 3_600_000 } } as const;

const writtenAt = ({ path, report }: ReportEntry, { note }: Context) => {
  const { at } = report;
  if (at === undefined) note([...path, "at"], "is missing; say when it is due, such as at: weekdays 07:00", "missing");
  if (at === undefined || typeof at === "string") return { section: { ...plainSchedule, at }, at: [...path, "at"] };
  const place = [...path, "at", at.cron === undefined ? "at" : "cron"];
  if (at.at !== undefined && at.cron !== undefined)
    note([...path, "at"], "has both at and cron; keep one of them", "key");
  if (at.at === undefined && at.cron === undefined) {
    note([...path, "at", "at"], "is missing; say when it is due, such as at: weekdays 07:00", "missing");
  }
  return { section: { ...at, at: at.at ?? at.cron }, at: place };
};

const expressionOf = (at: string, place: Path, { checks, note }: Context): CronExpression | null => {
  const read = checks.checkSchedule(at);
  if (!("mistake" in read)) return read;
  note(place, `can't be used as a schedule; ${read.mistake}`);
  return null;
};

const timingOf = (entry: ReportEntry, context: Context): Timing => {
  const { section, at: place } = writtenAt(entry, context);
  const { zone, calendar, start, end } = {
    zone: undefined,
    calendar: undefined,
    start: undefined,
    end: undefined,
    ...section,
  };
  const known = declared(context, "calendars");
  if (calendar !== undefined && !known.includes(calendar)) {
    context.note([...entry.path, "at", "calendar"], unknownName("calendar", calendar, known));
  }
  if (start !== undefined && end !== undefined && end < start) {
    context.note([...entry.path, "at", "end"], "lies before start; correct one of the two dates");
  }
  const schedule: Schedule = {
    at: section.at ?? "",
    zone: zone === undefined || zone === "recipient" ? null : zone,
    calendar: calendar ?? null,
    holidays: section.holidays,
    start: start ?? null,
    end: end ?? null,
    catchUpWithinMs: section.catchUp.within,
  };
  return { schedule, expression: section.at === undefined ? null : expressionOf(section.at, place, context) };
};

const judgeFile = (file: string, path: Path, { dir, note }: Context): void => {
  const stats = statSync(resolve(dir, file), { throwIfNoEntry: false });
  if (stats === undefined)
    note(path, `names a file that doesn't exist; put it there, or correct the path, which starts from ${dir}`);
  else if (!stats.isFile()) note(path, "names something that is no file; write the path of a CSV file");
};

const audienceOf = ({ path, report }: ReportEntry, context: Context): AudienceSource => {
  const { to } = report;
  const at = [...path, "to"];
  if (to === "tables") return { kind: "tables" };
  const { csv, query, on } = typeof to === "string" ? { csv: to, query: undefined, on: undefined } : to;
  if ((csv === undefined) === (query === undefined)) {
    context.note(at, "must have either csv or query; keep the one that fits", "key");
  }
  if (query !== undefined) return { kind: "query", query, source: sourceOf(on, at, context) ?? "" };
  if (on !== undefined) context.note([...at, "on"], "belongs to a query; write query too, or delete the line", "key");
  if (csv !== undefined) judgeFile(csv, typeof to === "string" ? at : [...at, "csv"], context);
  return { kind: "csv", file: csv ?? "" };
};

const filterOf = ({ path, report }: ReportEntry, { note }: Context): Readonly<Record<string, FilterSource>> => {
  const filters = Object.entries(report.filter).map(([name, written]): [string, FilterSource] => {
    if (typeof written === "string") return [name, { column: written }];
    const { column, value, values } = written;
    if ([column, value, values].filter((form) => form !== undefined).length !== 1) {
      note([...path, "filter", name], "must have one of column, value and values; keep the one that fits", "key");
    }
    return [name, column === undefined ? { values: values ?? [value ?? ""] } : { column }];
  });
  return Object.fromEntries(filters);
};

/** With people in tables the filters may be a subscription's own, so only a list's report can be judged. */
const judgeProofNames = (entry: ReportEntry, audience: AudienceSource, { note }: Context): void => {
  const { proof, filter } = entry.report;
  const known = Object.keys(filter);
  if (typeof proof === "string" || audience.kind === "tables" || known.length === 0) return;
  for (const part of ["columns", "parameters", "elements"] as const) {
    for (const name of Object.keys(proof[part]).filter((each) => !known.includes(each))) {
      const near = nearestOf(name, known);
      const remedy = near.length > 0 ? `did you mean ${quoted(near)}?` : `its filters are ${known.join(", ")}`;
      note([...entry.path, "proof", part, name], `is no filter of this report; ${remedy}`, "key");
    }
  }
};

const proofOf = ({ report: { proof } }: ReportEntry): ProofRules => {
  if (typeof proof === "string") return { mode: proof, columns: {}, parameters: {}, elements: {}, ignoreRequests: [] };
  const { mode, columns, parameters, elements, ignoreRequests } = proof;
  return { mode: mode ?? null, columns, parameters, elements, ignoreRequests };
};

/** One report, fully resolved: plain JSON with its keys always in this order, so that equal reports have equal hashes. */
export const reportOf = (entry: ReportEntry, context: Context): Report => {
  const { name, report } = entry;
  const title = report.title ?? spoken(name);
  const { schedule, expression } = timingOf(entry, context);
  const audience = audienceOf(entry, context);
  judgeProofNames(entry, audience, context);
  return {
    name,
    title,
    views: viewsOf(entry, title, context),
    schedule,
    audience,
    filter: filterOf(entry, context),
    split: report.split,
    formats: [...new Set(report.formats)],
    empty: report.empty,
    whenRenderFails: report.whenRenderFails,
    proof: proofOf(entry),
    readiness: readinessOf(entry, expression, context),
    facts: factsOf(entry, context),
    subject: report.subject ?? null,
    greeting: report.greeting ?? null,
    intro: report.intro ?? null,
    contact: report.contact ?? null,
    template: report.template,
    link: report.link,
    owner: report.owner ?? null,
    expiresMs: report.expires,
    sizeBudgetBytes: report.sizeBudget ?? context.written.mail.sizeBudget,
    locale: report.locale ?? context.written.locale,
    zone: schedule.zone ?? context.written.zone ?? context.machine.zone,
    audienceGuard: report.audienceGuard,
    ...firstWaveOf(entry, context),
    bundled: [],
  };
};
