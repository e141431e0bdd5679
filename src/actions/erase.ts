/** Forgets a person: the rows, the records of what they got, and the stored emails themselves. */
import { recipientNamed } from "#actions/named.ts";
import type { Bucket } from "#bucket/port.ts";
import type { Delivery } from "#model/delivery.ts";
import { Fault } from "#model/fault.ts";
import type { Recipient } from "#model/people.ts";
import type { Clock } from "#runtime/clock.ts";
import { listDeliveries, moveDelivery } from "#store/deliveries.ts";
import { eraseRecipient } from "#store/people.ts";
import { type Pool, type Session, transaction } from "#store/pool.ts";

/** What erasing uses. */
export interface EraseParts {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly artifacts: Bucket;
}

/** What was erased. */
export interface Erased {
  readonly recipient: Recipient;
  readonly messages: number;
  /** Emails that were on their way and were ended. */
  readonly ended: number;
  /** The report whose list will bring the person back unless they are removed there; `null`: none. */
  readonly list: string | null;
}

/** Who would be erased. Throws `store.not-found` naming the nearest. */
export const whoToErase = (key: string, pool: Pool): Promise<Recipient> => recipientNamed(key, pool);

/** Erases a person everywhere but in emails that were delivered and files in the outbox. Recorded without their name. */
export const erasePerson = async (
  { recipient, by }: { readonly recipient: Recipient; readonly by: string },
  parts: EraseParts,
): Promise<Erased> => {
  const { pool, artifacts } = parts;
  const work = async (db: Session) => {
    const ended = await endOpen(db, recipient, parts);
    return { ended, paths: await eraseRecipient(db, recipient.id) };
  };
  const { ended, paths } = await transaction(pool, work, by);
  for (const path of paths) await artifacts.remove(path);
  const list = recipient.origin?.startsWith("list:") ? recipient.origin.slice("list:".length) : null;
  return { recipient, messages: paths.length, ended, list };
};

const open = ["planned", "drawn", "proven", "composed", "quarantined"] as const;
const MOST = 1_000_000;

const openOf = async (db: Session, recipient: Recipient, state: string): Promise<readonly Delivery[]> => {
  const ask = { report: null, state, occasion: null, slotId: null, limit: MOST };
  return (await listDeliveries(db, ask)).filter((one) => one.recipientId === recipient.id);
};

/** What is on its way must not go out to nobody; what is on the wire can't be called back. */
const endOpen = async (db: Session, recipient: Recipient, { clock }: EraseParts): Promise<number> => {
  if ((await openOf(db, recipient, "sending")).length > 0) {
    const hint = "wait until it is sent, then try again";
    throw new Fault("usage", `An email to ${recipient.key} is being sent right now.`, { hint });
  }
  let ended = 0;
  for (const state of open) {
    for (const { id } of await openOf(db, recipient, state)) {
      const move = {
        id,
        from: state,
        to: "discarded",
        reason: "the recipient was erased",
        finishedAt: clock.now(),
      } as const;
      if (await moveDelivery(db, move)) ended += 1;
    }
  }
  return ended;
};
