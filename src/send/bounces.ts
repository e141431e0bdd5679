/** Reads the mailbox of what came back, and takes in the news that is in it. */
import { createHash } from "node:crypto";
import { isFault } from "#model/fault.ts";
import type { Mailbox } from "#send/mailbox/port.ts";
import { type NewsParts, takeNews } from "#send/news.ts";
import { type Returned, readBounce } from "#send/plan/bounce.ts";
import { isOf, type ReturnPath, readReturnPath } from "#send/plan/return-path.ts";
import { recipientsOf, type ToldOf } from "#store/mail-events.ts";

/** What reading bounces uses. */
export interface BounceParts extends NewsParts {
  readonly mailbox: Mailbox;
  /** The address that return paths are made from. */
  readonly address: string;
}

/** What is left is read the next time. */
const mostAtOnce = 200;

/** Reads the bounce mailbox once; how many emails were read. One that can't be understood is put aside like the others. */
export const readBounces = (parts: BounceParts, signal: AbortSignal): Promise<number> =>
  parts.mailbox.readEach(mostAtOnce, (bytes) => takeOrLeave(bytes, parts), signal);

/** One that the record can't take keeps nobody behind it from being read; a database that is away ends the reading. */
const takeOrLeave = async (bytes: Uint8Array, parts: BounceParts): Promise<boolean> => {
  try {
    await takeBounce(bytes, parts);
    return true;
  } catch (error) {
    if (isFault(error, "store.unreachable") || isFault(error, "run.timeout")) throw error;
    parts.log.error("bounces.fault", { error });
    return false;
  }
};

const takeBounce = async (bytes: Uint8Array, parts: BounceParts): Promise<void> => {
  const { sentTo, returned } = readBounce(bytes);
  const path = sentTo.map((address) => readReturnPath(address, parts.address)).find((one) => one !== null) ?? null;
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  if (path === null || returned.length === 0) {
    // An answer of a person, an absence note, or a report about an alert or a summary.
    parts.log.info("bounces.other", { sha256, reason: path === null ? "of no delivery" : "no report" });
    return;
  }
  for (const [at, one] of returned.entries()) await takeOne({ one, path, key: `bounce:${sha256}:${at}` }, parts);
};

interface Reported {
  readonly one: Returned;
  readonly path: ReturnPath;
  readonly key: string;
}

const takeOne = async ({ one, path, key }: Reported, parts: BounceParts): Promise<void> => {
  const { deliveryId } = path;
  const recipients = await recipientsOf(parts.pool, deliveryId);
  const email = addressIn(one.email, recipients);
  if (email === null) {
    parts.log.warn("bounces.stranger", { delivery: deliveryId, email: one.email, reason: "it was never sent there" });
    return;
  }
  const isOfPath = ({ sha256 }: ToldOf): boolean => isOf(path, sha256);
  const news = { ...one, email, key, deliveryId, at: parts.clock.now(), isOf: isOfPath };
  const taken = await takeNews(news, parts);
  if (taken === "stranger")
    parts.log.warn("bounces.stranger", { delivery: deliveryId, email, reason: "it is no email of ours" });
};

/** Who forwards their mail is reported by the address that it was forwarded to; with one recipient it can only be that one. */
const addressIn = (email: string | null, recipients: readonly string[]): string | null => {
  const named = recipients.find((one) => one.toLowerCase() === email?.toLowerCase());
  if (named !== undefined) return named;
  return recipients.length === 1 ? (recipients[0] ?? null) : null;
};
