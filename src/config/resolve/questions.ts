import type { Path } from "#config/document.ts";
import { type Context, declared, unknownName } from "#config/resolve/context.ts";
import { holdsSecret } from "#config/resolve/reference.ts";
import type { ReportEntry } from "#config/resolve/views.ts";
import { durationMs } from "#config/schema/values.ts";
import type { WrittenReport } from "#config/schema.ts";
import type { Fact, ProbeSpec, Readiness } from "#model/report.ts";
import type { CronExpression } from "#model/schedule.ts";

type WrittenFact = NonNullable<WrittenReport["facts"]>[number];
type WrittenProbe = NonNullable<NonNullable<WrittenReport["readiness"]>["probes"]>[number];

/** A query's source, which must be one of the file's; `null` with a mistake noted. */
export const sourceOf = (on: string | undefined, path: Path, context: Context): string | null => {
  const known = declared(context, "sources");
  if (on === undefined) {
    context.note(
      [...path, "on"],
      `is missing; name the source that the query asks${known.length > 0 ? `: ${known.join(", ")}` : ""}`,
      "missing",
    );
    return null;
  }
  if (known.includes(on)) return on;
  context.note([...path, "on"], unknownName("source", on, known));
  return null;
};

const judgeAggregate = (expression: string, path: Path, { checks, note }: Context): void => {
  const mistake = checks.checkAggregate?.(expression) ?? null;
  if (mistake !== null) note(path, `can't be read as a figure; ${mistake}`);
};

const factFrom = (fact: WrittenFact, path: Path, context: Context): Fact["from"] => {
  const { csv, sql, on } = fact;
  if ((csv === undefined) === (sql === undefined)) {
    context.note(path, "must have either csv or sql; write one, such as csv: sum(Revenue)", "key");
  }
  if (sql !== undefined) return { sql, source: sourceOf(on, path, context) ?? "" };
  if (on !== undefined) context.note([...path, "on"], "belongs to a query; write sql too, or delete the line", "key");
  if (csv !== undefined) judgeAggregate(csv, [...path, "csv"], context);
  return { csv: csv ?? "" };
};

const againstOf = (fact: WrittenFact, path: Path, context: Context): Fact["against"] => {
  const { against } = fact;
  if (against === undefined) return null;
  const { csv, label } = typeof against === "string" ? { csv: against } : against;
  if (csv === undefined)
    context.note(
      [...path, "against", "csv"],
      "is missing; write the figure to compare with, such as sum(Last week)",
      "missing",
    );
  else judgeAggregate(csv, typeof against === "string" ? [...path, "against"] : [...path, "against", "csv"], context);
  return { csv: csv ?? "", label: label ?? csv ?? "" };
};

/** `average-order` → `Average order`. */
export const spoken = (name: string): string => {
  const words = name.replaceAll(/[-_]+/g, " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
};

const isCurrency = (code: string): boolean => Intl.supportedValuesOf("currency").includes(code);

const factOf = (fact: WrittenFact, path: Path, context: Context): Fact => {
  const { name = "", label, style, currency, decimals, better } = fact;
  const isNamed = /^[\p{L}_][\p{L}\p{N}_]*$/u.test(name);
  if (fact.name === undefined)
    context.note([...path, "name"], "is missing; write a short one, such as revenue", "missing");
  else if (!isNamed)
    context.note(
      [...path, "name"],
      "is no name for a fact; use letters, digits and _, because texts write it as {{facts.name}}",
    );
  if (currency !== undefined && !isCurrency(currency)) {
    context.note([...path, "currency"], "must be the ISO code of a currency; write one such as EUR or USD");
  }
  if (style === "currency" && currency === undefined) {
    context.note([...path, "currency"], "is missing; write the ISO code of the currency, such as EUR", "missing");
  }
  return {
    name,
    label: label ?? spoken(name),
    from: factFrom(fact, path, context),
    against: againstOf(fact, path, context),
    style: style ?? (currency === undefined ? "number" : "currency"),
    currency: currency ?? null,
    decimals: decimals ?? null,
    better: better ?? null,
  };
};

/** The figures of a report. */
export const factsOf = ({ path, report }: ReportEntry, context: Context): readonly Fact[] => {
  const written = report.facts ?? [];
  for (const [place, { name }] of written.entries()) {
    const isSecond = name !== undefined && written.findIndex((other) => other.name === name) < place;
    if (isSecond) context.note([...path, "facts", place, "name"], "is the name of a fact before it; choose another");
  }
  return written.map((fact, place) => factOf(fact, [...path, "facts", place], context));
};

const probeOf = (probe: WrittenProbe, path: Path, context: Context): ProbeSpec => {
  const { sql, on, http, expect } = probe;
  if ((sql === undefined) === (http === undefined)) {
    context.note(path, "must have either sql or http; write one", "key");
  }
  if (sql !== undefined) {
    if (expect !== undefined)
      context.note([...path, "expect"], "belongs to http; let the query's first cell be true instead", "key");
    return { kind: "sql", source: sourceOf(on, path, context) ?? "", sql };
  }
  if (on !== undefined) context.note([...path, "on"], "belongs to a query; write sql too, or delete the line", "key");
  if (http !== undefined && holdsSecret(http)) {
    context.note([...path, "http"], "holds a secret; reports are stored, so ask an address that needs none");
  }
  return { kind: "http", url: http ?? "", expect: expect ?? null };
};

const MINUTE_MS = 60_000;

/** `08:30` → minutes after midnight. */
const minutesOf = (clock: string): number | null => {
  const [, hour, minute] = /^(\d{1,2}):(\d{2})$/.exec(clock) ?? [];
  const isTime = hour !== undefined && Number(hour) < 24 && Number(minute) < 60;
  return isTime ? Number(hour) * 60 + Number(minute) : null;
};

/** A cut-off at a time of day is as long after the slot as that time is after the schedule's, so it must have just one. */
const untilClock = (minutes: number, schedule: CronExpression | null): number | string => {
  if (schedule === null) return 0;
  const [time, ...more] = schedule.times;
  if (time === undefined || more.length > 0 || schedule.elapsed) {
    return "is a time of day, but the schedule has several; write a duration such as 90m";
  }
  const after = (minutes - time) * MINUTE_MS;
  return after > 0 ? after : "lies before the schedule's own time; write a later one, or a duration such as 90m";
};

const untilOf = (until: string, schedule: CronExpression | null): number | string => {
  const minutes = minutesOf(until);
  if (minutes !== null) return untilClock(minutes, schedule);
  return durationMs(until) || 'must be a time of day or a duration; write one such as "08:30" or 90m';
};

/** When the data is fresh enough; `schedule` is `null` when it couldn't be read. */
export const readinessOf = (
  { path, report }: ReportEntry,
  schedule: CronExpression | null,
  context: Context,
): Readiness | null => {
  const { readiness } = report;
  if (readiness === undefined) return null;
  const at = [...path, "readiness"];
  if (readiness.probes === undefined)
    context.note([...at, "probes"], "is missing; write what to ask, or delete readiness", "missing");
  const until = untilOf(readiness.until, schedule);
  if (typeof until === "string") context.note([...at, "until"], until);
  return {
    probes: (readiness.probes ?? []).map((probe, place) => probeOf(probe, [...at, "probes", place], context)),
    everyMs: readiness.every,
    untilMs: typeof until === "number" ? until : 0,
    otherwise: readiness.otherwise,
  };
};
