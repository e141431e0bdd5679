/** Forgets a person: rows, the records of what they got, stored emails and pictures. */
import { recipientNamed } from "#actions/named.ts";
import { Fault } from "#model/fault.ts";
import type { Recipient } from "#model/people.ts";
import type { Clock } from "#runtime/clock.ts";
import { type Pool, type Session, transaction } from "#store/pool.ts";
import {
  addressesOf,
  artifactPaths,
  countSending,
  dropSubscriptions,
  emailsOf,
  endDeliveriesTo,
  type Forgotten,
  forgetAudit,
  forgetCopies,
  forgetDeliveries,
  forgetElsewhere,
  forgetMessages,
  forgetRecipient,
  hashSuppressions,
  listsNaming,
  lockPerson,
  patternsOf,
  rendersOf,
  type WrittenEmail,
} from "#store/privacy.ts";
import { retireRenders, stillOwed } from "#store/retention.ts";

/** What erasing uses. */
export interface EraseParts {
  readonly pool: Pool;
  readonly clock: Clock;
  /** Removes bytes that no row names any more. */
  readonly removeOwed: (paths: readonly string[]) => Promise<unknown>;
  /** Removes emails that were put down as files; how many. */
  readonly removeFiles: (emails: readonly WrittenEmail[]) => Promise<number>;
  /** Backups that keep archives of this database. */
  readonly ownBackups: readonly string[];
}

/** What was erased. */
export interface Erased {
  readonly recipient: Recipient;
  /** Emails whose record says no more to whom they went. */
  readonly deliveries: number;
  /** Those of them that were on their way, or of which nobody knew, and were ended. */
  readonly ended: number;
  /** Stored emails and pictures. */
  readonly messages: number;
  readonly pictures: number;
  readonly subscriptions: number;
  /** Suppressed addresses of which a hash is left, so that they stay suppressed. */
  readonly suppressed: number;
  /** Rows of others, and of changes, in which they stood. */
  readonly mentions: number;
  /** Emails that lay in the outbox as files. */
  readonly files: number;
  /** What is left of them, and why, in sentences. */
  readonly left: readonly string[];
  /** Reports whose lists bring them back. */
  readonly lists: readonly string[];
}

/** Who erases whom; `isRehearsal`: everything is tried and counted, and nothing is changed. */
export interface EraseAsk {
  readonly recipient: Recipient;
  readonly by: string;
  readonly isRehearsal: boolean;
}

/** Who would be erased. Throws `store.not-found` naming the nearest. */
export const whoToErase = (key: string, pool: Pool): Promise<Recipient> => recipientNamed(key, pool);

/** Erases a person everywhere but in emails that were delivered; what else is left is said with its reason. */
export const erasePerson = async (ask: EraseAsk, parts: EraseParts): Promise<Erased> => {
  const rows = await inRows(ask, parts);
  const { paths, emails, ...counts } = rows;
  if (ask.isRehearsal) return { ...counts, files: 0, left: leftOf(rows, 0, parts) };
  await parts.removeOwed(paths);
  const files = await parts.removeFiles(emails);
  const owed = await stillOwed(parts.pool, paths);
  return { ...counts, files, left: leftOf(rows, owed.length, parts) };
};

interface Rows extends Omit<Erased, "files" | "left"> {
  readonly paths: readonly string[];
  readonly emails: readonly WrittenEmail[];
  /** Pictures that somebody else's email still needs. */
  readonly needed: number;
  /** Emails of others that went to them as a copy. */
  readonly copies: number;
}

/** A large history is searched for what it says of one person: that takes longer than what a morning asks. */
const longestMs = 10 * 60_000;

const inRows = async (ask: EraseAsk, { pool, clock }: EraseParts): Promise<Rows> => {
  const undone = new Fault("run.aborted", "It was only tried.", { hint: "leave --dry-run out" });
  let rows: Rows | null = null;
  const work = async (session: Session): Promise<void> => {
    await session.query("select set_config('statement_timeout', $1, true)", [String(longestMs)]);
    const db: Session = { query: (text, values) => session.query(text, values, longestMs) };
    rows = await eraseRows(db, ask.recipient, clock);
    if (ask.isRehearsal) throw undone;
  };
  try {
    await transaction(pool, work, ask.by);
  } catch (error) {
    if (error !== undone) throw error;
  }
  if (rows === null) throw undone;
  return rows;
};

const eraseRows = async (db: Session, recipient: Recipient, clock: Clock): Promise<Rows> => {
  const { id } = recipient;
  const now = clock.now();
  await refuseOnWire(db, recipient);
  const forgotten = await wordsOf(db, recipient);
  const lists = await listsNaming(db, id);
  const ended = await endDeliveriesTo(db, id, now);
  const renders = await rendersOf(db, id);
  const emails = await emailsOf(db, id);
  const free = renders.filter(({ isNeeded }) => !isNeeded).map((one) => one.id);
  const drawn = await artifactPaths(db, free);
  const pictures = await retireRenders(db, free, now);
  const written = await forgetMessages(db, id, now);
  const deliveries = await forgetDeliveries(db, forgotten);
  const subscriptions = await dropSubscriptions(db, forgotten);
  const copies = await forgetCopies(db, forgotten);
  const mentions = await forgetElsewhere(db, forgotten);
  const suppressed = await hashSuppressions(db, forgotten);
  await forgetRecipient(db, id);
  // Last, since all of the above was recorded, too.
  const audit = await forgetAudit(db, forgotten);
  return {
    ...{ recipient, lists, ended, emails, pictures, deliveries, subscriptions, copies, suppressed },
    messages: written.length,
    mentions: copies + mentions + audit,
    needed: renders.length - free.length,
    paths: [...drawn, ...written],
  };
};

/** What is on the wire can't be called back. */
const refuseOnWire = async (db: Session, { id, key }: Recipient): Promise<void> => {
  const hint = "wait until it is sent, then try again";
  if (!(await lockPerson(db, id)))
    throw new Fault("store.not-found", `${key} is gone already.`, { hint: "nothing is to be done" });
  if ((await countSending(db, id)) > 0)
    throw new Fault("usage", `An email to ${key} is being sent right now.`, { hint });
};

/** A name of one word is too common to be taken out of other people's texts. */
const wordsOf = async (db: Session, { id, key, name }: Recipient): Promise<Forgotten> => {
  const known = [...(await addressesOf(db, id)), ...(key.includes("@") ? [key] : [])];
  const words = [...known, ...(/\S\s+\S/.test(name.trim()) ? [name.trim()] : [])];
  const addresses = [...new Set(known.map((address) => address.toLowerCase()))];
  return { id, addresses, ...patternsOf(words.length === 0 ? [key] : words) };
};

const leftOf = ({ lists, needed, copies }: Rows, owed: number, { ownBackups }: EraseParts): readonly string[] => [
  ...lists.map((list) => `The list of “${list}” names them: it brings them back unless their row is removed there.`),
  ...(needed === 0
    ? []
    : [`${needed} of the pictures are kept: other people's emails wait for them. They go with \`keep.artifacts\`.`]),
  ...(copies === 0
    ? []
    : [`${copies} stored emails of other people went to them as a copy. They go with \`keep.messages\`.`]),
  ...(owed === 0 ? [] : [`${owed} files couldn't be removed now; a running Daybreak tries it again.`]),
  ...ownBackups.map(
    (name) => `Archives of the backup “${name}” hold this database as it was; they go with its retention.`,
  ),
  "Emails that were delivered lie with their readers and on mail servers; logs and what a report server keeps are theirs.",
];
