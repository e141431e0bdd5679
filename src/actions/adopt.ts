/** Makes a database this installation's own, so that it mails people again. */
import { Fault } from "#model/fault.ts";
import type { Clock } from "#runtime/clock.ts";
import { discardWaiting, openMornings, waitingDeliveries } from "#store/installation.ts";
import { type Pool, type Session, transaction } from "#store/pool.ts";

/** What adopting uses. */
export interface AdoptParts {
  readonly pool: Pool;
  readonly clock: Clock;
  /** Gives the database a new id and writes it beside the configuration; the id. */
  readonly adopt: () => Promise<string>;
  /** Writes the database's own id beside the configuration; the id. */
  readonly join: () => Promise<string>;
  /** The times of live reports that have come since the last one that the database knows, and how they are passed over. */
  readonly owed: () => Promise<{
    readonly count: number;
    readonly passOver: (db: Session, reason: string) => Promise<void>;
  }>;
}

/** What an operator asks for. */
export interface AdoptAsk {
  /** This is a further machine of the same installation, not its successor. */
  readonly join: boolean;
  /** What becomes of what is owed by the database: it may have been sent by whoever it was copied from, or before it was restored. */
  readonly waiting: "send" | "discard" | null;
  readonly by: string;
}

/** What was done. */
export interface Adopted {
  readonly id: string;
  /** Emails that go out now, or were discarded. */
  readonly waiting: number;
  /** Times that have come and of which there are no emails yet: they are sent now, or were skipped. */
  readonly mornings: number;
}

/** Adopts the database. Refuses while something is owed by it and nobody has said what becomes of that. */
export const adoptIt = async ({ join, waiting: choice, by }: AdoptAsk, parts: AdoptParts): Promise<Adopted> => {
  const { pool, clock } = parts;
  const now = clock.now();
  const waiting = await waitingDeliveries(pool);
  const owed = await parts.owed();
  const mornings = owed.count + (await openMornings(pool, now));
  if (join) return { id: await parts.join(), waiting, mornings };
  if (waiting + mornings > 0 && choice === null) {
    throw new Fault("usage", `By this database something is still owed: ${inWords(waiting, mornings)}.`, {
      hint: "if it is a copy or was restored, that may have been sent already: --discard-waiting; if it was not: --send-waiting",
    });
  }
  // Discarded first: from the adoption on whatever still waits goes out.
  const reason = `discarded when the database was adopted (${by})`;
  const discard = async (db: Session): Promise<void> => {
    await discardWaiting(db, reason, now);
    await owed.passOver(db, reason);
  };
  if (choice === "discard") await transaction(pool, discard, by);
  return { id: await parts.adopt(), waiting, mornings };
};

const inWords = (emails: number, mornings: number): string =>
  [
    ...(emails === 0 ? [] : [emails === 1 ? "one email waits" : `${emails} emails wait`]),
    ...(mornings === 0 ? [] : [mornings === 1 ? "one report has come due" : `reports have come due ${mornings} times`]),
  ].join(", ");
