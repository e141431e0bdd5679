/** Who gets what next, who doesn't, and why: the preview that plans without doing. */

import type { RowMistake } from "#audience/import.ts";
import { type AudienceFacts, mistakesOfGroups, planAudience, schedulesOf, type Timing } from "#audience/plan.ts";
import type { DeliveryDraft } from "#model/delivery.ts";
import type { People } from "#model/people.ts";
import type { Report } from "#model/report.ts";
import type { Holidays } from "#model/schedule.ts";
import { later, type Temporal } from "#model/time.ts";
import type { Clock } from "#runtime/clock.ts";
import { describe, readSchedule } from "#schedule/cron.ts";
import { type Upcoming, upcoming } from "#schedule/plan.ts";

/** A report's people as its list would leave them, with the rows that can't be used. */
export interface Roster {
  readonly people: People;
  readonly mistakes: readonly RowMistake[];
}

/** What looking ahead uses. */
export interface OutlookParts {
  readonly clock: Clock;
  readonly roster: (report: Report) => Promise<Roster>;
  readonly modeOf: (report: Report) => Promise<"trial" | "live">;
  readonly holidays: (calendar: string | null, now: Temporal.Instant) => Promise<Holidays>;
  readonly holidaysOn: (date: string) => Promise<Readonly<Record<string, string>>>;
}

/** One occurrence to come; `due` is `null` when a holiday skips it. */
export interface SlotOutlook extends Upcoming {
  readonly schedule: string;
  readonly zone: string;
}

/** A schedule in a zone, in words, with its next occurrences; `mistake` where a person's own schedule can't be read. */
export interface ScheduleOutlook {
  readonly schedule: string;
  readonly zone: string;
  readonly words: string;
  readonly mistake: string | null;
  readonly next: readonly SlotOutlook[];
}

/** Somebody whom the report knows and who gets nothing of it until an operator changes that. */
export interface Inactive {
  readonly key: string;
  readonly name: string;
  readonly email: string;
  readonly reason: string;
}

/** What a report is about to do. */
export interface Outlook {
  readonly report: string;
  readonly mode: "trial" | "live";
  readonly schedules: readonly ScheduleOutlook[];
  /** The audience of the next occurrence of each schedule: whom it goes to, and whom it skips with the reason. */
  readonly audience: readonly DeliveryDraft[];
  readonly inactive: readonly Inactive[];
  readonly mistakes: readonly Pick<RowMistake, "place" | "what">[];
  /** Recipient → where their row stands, for those whom a list brought: `people.csv row 7`. */
  readonly places: Readonly<Record<string, string>>;
}

/** The schedules and zones that the people of a roster make necessary. */
export const timingsOfRoster = (report: Report, { people }: Roster): readonly Timing[] => schedulesOf(report, people);

/** What looking ahead without its audience uses. */
export interface ScheduleParts extends Pick<OutlookParts, "clock" | "holidays"> {
  /** The schedules and zones that a report's people make necessary. */
  readonly timings: (report: Report) => Promise<readonly Timing[]>;
}

/** `count` occurrences of each of a report's schedules. */
export const schedulesAhead = async (
  report: Report,
  count: number,
  parts: ScheduleParts,
): Promise<readonly ScheduleOutlook[]> => {
  const ahead: ScheduleOutlook[] = [];
  for (const pair of orOwn(report, await parts.timings(report)))
    ahead.push(await scheduleOutlook(report, pair, { count, parts }));
  return ahead;
};

/** Nobody yet: the report's own schedule is still worth showing. */
const orOwn = (report: Report, timings: readonly Timing[]): readonly Timing[] =>
  timings.length > 0 ? timings : [{ schedule: report.schedule.at, zone: report.schedule.zone ?? report.zone }];

/** Looks ahead for one report: `count` occurrences of each of its schedules, and the audience of the next one. */
export const outlookOf = async (report: Report, count: number, parts: OutlookParts): Promise<Outlook> => {
  const { people, mistakes } = await parts.roster(report);
  const mode = await parts.modeOf(report);
  const timings = async () => timingsOfRoster(report, { people, mistakes });
  const schedules = await schedulesAhead(report, count, { ...parts, timings });
  const audience: DeliveryDraft[] = [];
  for (const outlook of schedules) audience.push(...(await audienceOf(report, outlook, { people, mode, parts })));
  const inactive = inactiveOf(report, people);
  return {
    ...{ report: report.name, mode, schedules, audience, inactive, places: placesOf(report, people) },
    mistakes: [...mistakes, ...mistakesOfGroups(report, people)],
  };
};

interface Ahead {
  readonly count: number;
  readonly parts: Pick<OutlookParts, "clock" | "holidays">;
}

const scheduleOutlook = async (
  report: Report,
  { schedule, zone }: { readonly schedule: string; readonly zone: string },
  { count, parts }: Ahead,
): Promise<ScheduleOutlook> => {
  const expression = readSchedule(schedule);
  if ("mistake" in expression) return { schedule, zone, words: schedule, mistake: expression.mistake, next: [] };
  const now = parts.clock.now();
  const holidays = await parts.holidays(report.schedule.calendar, now);
  const facts = { schedule: { ...report.schedule, expression }, zone, holidays, now, knownSince: null, count };
  const next = upcoming(facts).map((one) => ({ ...one, schedule, zone }));
  return { schedule, zone, words: describe(expression), mistake: null, next };
};

interface AudienceAhead {
  readonly people: People;
  readonly mode: "trial" | "live";
  readonly parts: OutlookParts;
}

const audienceOf = async (
  report: Report,
  outlook: ScheduleOutlook,
  { people, mode, parts }: AudienceAhead,
): Promise<readonly DeliveryDraft[]> => {
  const { schedule, zone, next } = outlook;
  // Without any occurrence to come, the people are judged as if it were due now, so that mistakes in rows still show.
  const slot = next.find((one) => one.due !== null) ?? { nominal: parts.clock.now(), due: parts.clock.now() };
  const date = slot.nominal.toZonedDateTimeISO(zone).toPlainDate().toString();
  const facts: AudienceFacts = {
    report,
    mode,
    slot: { nominal: slot.nominal, zone, schedule },
    people,
    holidays: await parts.holidaysOn(date),
    expiresAt: later(slot.due ?? slot.nominal, report.expiresMs),
  };
  return planAudience(facts);
};

const placesOf = (report: Report, people: People): Outlook["places"] => {
  const names = new Set([report, ...report.bundled].map((one) => one.name));
  const placed = people.subscriptions.flatMap(({ report: name, recipientId, place }) =>
    recipientId !== null && place !== null && names.has(name) ? [{ recipientId, place }] : [],
  );
  const byRecipient = Map.groupBy(placed, (one) => one.recipientId);
  return Object.fromEntries(
    [...byRecipient].map(([id, those]) => [id, [...new Set(those.map((one) => one.place))].join(", ")]),
  );
};

const inactiveOf = (report: Report, people: People): readonly Inactive[] => {
  const names = new Set([report, ...report.bundled].map((one) => one.name));
  const own = Map.groupBy(
    people.subscriptions.filter((one) => names.has(one.report)),
    (one) => one.recipientId,
  );
  return people.recipients.flatMap((recipient) => {
    const subscriptions = own.get(recipient.id) ?? [];
    if (subscriptions.length === 0) return [];
    const { key, name, email } = recipient;
    if (!recipient.active) return [{ key, name, email, reason: "the recipient is inactive" }];
    if (subscriptions.some((one) => one.active)) return [];
    const left = subscriptions.every((one) => one.origin !== null);
    return [{ key, name, email, reason: left ? "left the list" : "the subscription is inactive" }];
  });
};
