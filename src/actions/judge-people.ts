/** What a look ahead says about a report's schedule and people, as findings. */
import { type Finding, faulty, noted, warning } from "#actions/findings.ts";
import type { Outlook, ScheduleOutlook } from "#actions/upcoming.ts";
import type { DeliveryDraft } from "#model/delivery.ts";

/** Reasons that pass by themselves. */
const passing = /^(paused until|starts on|ended on)|is a holiday/;

/** Judges a report's schedules, list and audience. `list` is what people call the list: `people.csv`. */
export const judgePeople = (outlook: Outlook, list: string): readonly Finding[] => {
  const { report, audience, inactive, mistakes } = outlook;
  const owed = audience.filter((draft) => draft.skip === null);
  const skipped = audience.filter((draft) => draft.skip !== null);
  return [
    ...outlook.schedules.flatMap((one) => judgeSchedule(report, one)),
    ...mistakes.map(({ place, what }) =>
      warning(report, `${place}: ${what}`, `correct the row; it is left out until then`),
    ),
    ...skipped.map((draft) => judgeSkip(draft, outlook)),
    ...(inactive.length === 0
      ? []
      : [noted(report, `inactive, so without this report: ${namesOf(inactive.map((one) => one.key))}`)]),
    ...(owed.length === 0
      ? [warning(report, "nobody gets it at its next time", `look at ${list}, or at the reasons above`)]
      : []),
    noted(report, `${owed.length} ${owed.length === 1 ? "delivery" : "deliveries"} at its next time`),
  ];
};

const MOST_NAMES = 5;

const namesOf = (names: readonly string[]): string =>
  names.length <= MOST_NAMES
    ? names.join(", ")
    : `${names.slice(0, MOST_NAMES).join(", ")} and ${names.length - MOST_NAMES} more`;

const judgeSchedule = (report: string, { schedule, mistake, next }: ScheduleOutlook): readonly Finding[] => {
  if (mistake !== null)
    return [warning(report, `the schedule “${schedule}” can't be read: ${mistake}`, "correct it in the subscription")];
  if (next.length === 0)
    return [
      warning(report, `the schedule “${schedule}” never comes again`, `look at reports.${report}.at (start, end)`),
    ];
  const isAllSkipped = next.every((one) => one.due === null);
  return isAllSkipped
    ? [warning(report, `every next time of “${schedule}” falls on a free day`, "look at calendars")]
    : [];
};

const judgeSkip = (draft: DeliveryDraft, { report, places }: Outlook): Finding => {
  const reason = draft.skip ?? "";
  const place = places[draft.recipientId];
  const what = `${draft.recipientName}${draft.label === "" ? "" : ` (${draft.label})`}: ${reason}`;
  if (passing.test(reason)) return noted(report, what);
  if (place === undefined) return warning(report, what, "correct the person's row; see: daybreak recipients list");
  return warning(report, `${place}: ${what}`, "correct the row");
};

/** Says that a report is in trial, where its mail goes, and how to go live. */
export const judgeMode = ({ report, mode }: Outlook, outbox: string): readonly Finding[] =>
  mode === "live"
    ? []
    : [noted(report, `in trial: its mail goes to ${outbox}; send it to its audience with: daybreak live ${report}`)];

/** A template that is broken stops the report. */
export const judgeTemplate = (report: string, words: string): Finding =>
  faulty(report, words, `correct the template, then check again`);
