/** The kill switch: stops a slot or a whole report in the middle of it, and lets it go on. */
import { refuseReport } from "#actions/named.ts";
import { Fault } from "#model/fault.ts";
import type { Clock } from "#runtime/clock.ts";
import { type Pool, transaction } from "#store/pool.ts";
import { allReports } from "#store/reports.ts";
import { slotById } from "#store/slots.ts";
import { allStops, liftStop, putStop, type Stop, type Stopped, type StopTarget, stopOf } from "#store/stops.ts";

/** What stopping uses. */
export interface StopParts {
  readonly pool: Pool;
  readonly clock: Clock;
}

/** What is to be stopped or to go on: a report's name or a slot's id. */
export interface StopAsk {
  readonly target: string;
  readonly by: string;
}

/** The report or the slot that a word names. A report may be called by a number: then it is the report. Throws `store.not-found`. */
export const targetNamed = async (word: string, pool: Pool): Promise<StopTarget> => {
  const reports = (await allReports(pool)).map(({ report }) => report);
  const names = reports.map(({ name }) => name);
  if (names.includes(word)) return { slotId: null, report: word };
  const leader = reports.find(({ bundled }) => bundled.some(({ name }) => name === word));
  if (leader !== undefined) {
    const hint = `stop the whole email: daybreak stop ${leader.name}`;
    throw new Fault("usage", `“${word}” goes out in one email with “${leader.name}”.`, { hint });
  }
  if (!/^\d{1,18}$/.test(word)) return refuseReport(word, names);
  const slot = await slotById(pool, word);
  if (slot !== null) return { slotId: slot.id, report: slot.report };
  throw new Fault("store.not-found", `There is no slot “${word}”.`, { hint: "see them: daybreak slots list" });
};

/** Stops it: from the commit on nothing further of it is drawn, written or sent. What was under way is finished, and counted. */
export const stop = async (
  { target: word, by, reason }: StopAsk & { readonly reason: string },
  { pool, clock }: StopParts,
): Promise<Stopped & { readonly target: StopTarget }> => {
  const target = await targetNamed(word, pool);
  const stopped = await transaction(
    pool,
    async (db) => {
      if ((await stopOf(db, target)) !== null) return null;
      return putStop(db, target, { by, reason, now: clock.now() });
    },
    by,
  );
  if (stopped !== null) return { ...stopped, target };
  throw new Fault("usage", `${inWords(target)} is stopped already.`, {
    hint: `let it go on: daybreak resume ${word}`,
  });
};

/** Lets it go on; how many deliveries do. What has expired meanwhile does not. */
export const resume = async (
  { target: word, by }: StopAsk,
  { pool, clock }: StopParts,
): Promise<{ readonly target: StopTarget; readonly deliveries: number }> => {
  const target = await targetNamed(word, pool);
  const deliveries = await transaction(pool, (db) => liftStop(db, target, { by, now: clock.now() }), by);
  if (deliveries !== null) return { target, deliveries };
  throw new Fault("usage", `${inWords(target)} isn't stopped.`, {
    hint: "a slot that was stopped with its whole report goes on with the report",
  });
};

/** Every stop that holds, as it is told: one that is forgotten costs a report. */
export const stopsInWords = async (
  pool: Pool,
): Promise<
  readonly (Pick<Stop, "by" | "reason"> & { readonly target: { readonly words: string; readonly name: string } })[]
> =>
  (await allStops(pool)).map((one) => ({
    by: one.by,
    reason: one.reason,
    target: { words: inWords(one), name: one.slotId ?? one.report },
  }));

/** `Slot 42 of “daily-sales”`, or `“daily-sales”`. */
export const inWords = ({ slotId, report }: StopTarget): string =>
  slotId === null ? `“${report}”` : `Slot ${slotId} of “${report}”`;
