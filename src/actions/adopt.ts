/** Makes a database this installation's own, so that it mails people again. */
import { Fault } from "#model/fault.ts";
import type { Clock } from "#runtime/clock.ts";
import { discardWaiting, waitingDeliveries } from "#store/installation.ts";
import { type Pool, transaction } from "#store/pool.ts";

/** What adopting uses. */
export interface AdoptParts {
  readonly pool: Pool;
  readonly clock: Clock;
  /** Gives the database a new id and writes it beside the configuration; the id. */
  readonly adopt: () => Promise<string>;
  /** Writes the database's own id beside the configuration; the id. */
  readonly join: () => Promise<string>;
}

/** What an operator asks for. */
export interface AdoptAsk {
  /** This is a further machine of the same installation, not its successor. */
  readonly join: boolean;
  /** What becomes of emails that wait in the database: they may have been sent by whoever it was copied from. */
  readonly waiting: "send" | "discard" | null;
  readonly by: string;
}

/** What was done. */
export interface Adopted {
  readonly id: string;
  /** Emails that go out now, or were discarded. */
  readonly waiting: number;
}

/** Adopts the database. Refuses while emails wait in it and nobody has said what becomes of them. */
export const adoptIt = async ({ join, waiting: choice, by }: AdoptAsk, parts: AdoptParts): Promise<Adopted> => {
  const { pool, clock } = parts;
  if (join) return { id: await parts.join(), waiting: await waitingDeliveries(pool) };
  const waiting = await waitingDeliveries(pool);
  if (waiting > 0 && choice === null) {
    throw new Fault("usage", `${waiting === 1 ? "One email waits" : `${waiting} emails wait`} in this database.`, {
      hint: "if it is a copy, they may have been sent already: --discard-waiting; if they are still owed: --send-waiting",
    });
  }
  // Discarded first: from the adoption on whatever still waits goes out.
  const reason = `${by}: discarded when the database was adopted`;
  if (choice === "discard") await transaction(pool, (db) => discardWaiting(db, reason, clock.now()), by);
  return { id: await parts.adopt(), waiting };
};
