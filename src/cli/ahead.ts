/** Parts for looking ahead, made from what a command has open. */
import { rosterOf } from "#actions/people-now.ts";
import type { Tables } from "#actions/tables.ts";
import type { OutlookParts } from "#actions/upcoming.ts";
import type { Tools } from "#app.ts";

/** What `outlookOf` uses: the lists as they stand, the tables of `tables`. */
export const outlookParts = ({ clock, listing, holidays }: Tools, tables: Tables): OutlookParts => ({
  clock,
  roster: (report) => rosterOf(report, { tables: tables.people, listing }),
  modeOf: tables.modeOf,
  holidays: holidays.of,
  holidaysOn: holidays.on,
});
