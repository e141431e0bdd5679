/** A report's people as they are now: the tables, with its lists read but not written. */
import { withListing } from "#actions/roster.ts";
import type { Roster } from "#actions/upcoming.ts";
import type { Listing } from "#audience/import.ts";
import type { People } from "#model/people.ts";
import type { Report } from "#model/report.ts";

/** What looking at a report's people uses. */
export interface RosterParts {
  /** What the tables hold about some reports. */
  readonly tables: (reports: readonly string[]) => Promise<People>;
  readonly listing: (report: Report) => Promise<Listing | null>;
}

/** Reads a report's lists and those of its bundle over the tables. Throws `audience.unreadable`. */
export const rosterOf = async (report: Report, { tables, listing }: RosterParts): Promise<Roster> => {
  const all = [report, ...report.bundled];
  let people = await tables(all.map((one) => one.name));
  const mistakes: Listing["mistakes"][number][] = [];
  for (const one of all) {
    const listed = await listing(one);
    if (listed === null) continue;
    people = withListing(people, one.name, listed);
    mistakes.push(...listed.mistakes);
  }
  return { people, mistakes };
};
