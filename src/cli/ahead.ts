/** Parts for looking ahead, made from what a command has open. */
import { rosterOf } from "#actions/people-now.ts";
import type { Tables } from "#actions/tables.ts";
import { type OutlookParts, type ScheduleParts, timingsOfRoster } from "#actions/upcoming.ts";
import type { Tools } from "#app.ts";

/** What `outlookOf` uses: the lists as they stand, the tables of `tables`. */
export const outlookParts = ({ clock, listing, holidays }: Tools, tables: Tables): OutlookParts => ({
  clock,
  roster: (report) => rosterOf(report, { tables: tables.people, listing }),
  modeOf: tables.modeOf,
  holidays: holidays.of,
  holidaysOn: holidays.on,
});

/** What `schedulesAhead` uses: people that nobody lists elsewhere are not read all at once. */
export const scheduleParts = (tools: Tools, tables: Tables): ScheduleParts => {
  const { clock, roster, holidays } = outlookParts(tools, tables);
  const timings: ScheduleParts["timings"] = async (report) =>
    [report, ...report.bundled].every(({ audience }) => audience.kind === "tables")
      ? tables.timings(report)
      : timingsOfRoster(report, await roster(report));
  return { clock, holidays, timings };
};
