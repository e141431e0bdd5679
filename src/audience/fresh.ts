import type { Report } from "#model/report.ts";
import { before, later, type Temporal } from "#model/time.ts";
import type { Clock } from "#runtime/clock.ts";
import type { Log } from "#runtime/log.ts";

/** What keeping lists fresh uses. */
export interface FreshParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly reports: () => Promise<readonly Report[]>;
  readonly readLists: (report: Report) => Promise<void>;
}

/** How long a list may go unread, a failed reading included: a warehouse isn't asked at every round. */
const everyMs = 10 * 60_000;

/**
 * Reads lists also outside their slots. Slots are made for the people who are known: a list that nobody has read would never get
 * its first slot, and whoever is new in a zone of their own would wait for somebody else's. Returns how many were read; a list
 * that can't be read is told by the slot that needs it.
 */
export const freshLists = ({ clock, log, reports, readLists }: FreshParts): (() => Promise<number>) => {
  const tried = new Map<string, Temporal.Instant>();
  const isDue = ({ name }: Report): boolean => {
    const last = tried.get(name);
    return last === undefined || before(later(last, everyMs), clock.now());
  };
  return async () => {
    let read = 0;
    for (const report of (await reports()).filter(hasList).filter(isDue)) {
      tried.set(report.name, clock.now());
      try {
        await readLists(report);
        read += 1;
      } catch (error) {
        log.warn("list.unread", { report: report.name, error });
      }
    }
    return read;
  };
};

const hasList = (report: Report): boolean =>
  [report, ...report.bundled].some(({ audience }) => audience.kind !== "tables");
