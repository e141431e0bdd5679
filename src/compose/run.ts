import { createHash } from "node:crypto";
import type { Bucket } from "#bucket/port.ts";
import { assemble, type Letter } from "#compose/assemble.ts";
import { type Gathered, type GatherParts, gather } from "#compose/gather.ts";
import { headersFor, messageIdOf, namedAddress, storedMessage } from "#compose/mime.ts";
import type { PictureWriter } from "#compose/pictures.ts";
import type { EmailInput } from "#compose/plan/email.ts";
import { keptName } from "#compose/plan/kept.ts";
import type { Templates } from "#compose/templates.ts";
import type { Delivery, DeliveryPart } from "#model/delivery.ts";
import type { Message, StoredMessage } from "#model/message.ts";
import { inLanguage, type Report, type ReportView } from "#model/report.ts";
import type { Clock } from "#runtime/clock.ts";
import type { Log } from "#runtime/log.ts";
import type { PassPoint } from "#runtime/point.ts";
import { installationOf, putMessage } from "#store/messages.ts";
import type { Pool } from "#store/pool.ts";
import { isOutdated } from "#store/proofs.ts";
import { oweRemoval } from "#store/retention.ts";
import { slotById } from "#store/slots.ts";

/** What composing uses. */
export interface ComposeParts extends GatherParts {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly log: Log;
  readonly artifacts: Bucket;
  readonly templates: Templates;
  readonly pictures: PictureWriter;
  readonly mail: { readonly from: string; readonly replyTo: string | null };
  readonly passPoint: PassPoint;
}

/**
 * Writes a proven delivery's email and stores it as it will be sent; then the delivery is composed. False when something of it was drawn
 * anew since its proof: what nobody has proven is not written.
 */
export const composeDelivery = async (
  delivery: Delivery,
  {
    report,
    find,
  }: {
    readonly report: Report;
    readonly find: (part: DeliveryPart) => { readonly report: Report; readonly view: ReportView };
  },
  parts: ComposeParts,
): Promise<boolean> => {
  const slot = delivery.slotId === null ? null : await slotById(parts.pool, delivery.slotId);
  const gathered = await gather(delivery, find, parts);
  if (await isOutdated(parts.pool, delivery.id)) return false;
  const input: EmailInput = {
    delivery,
    report,
    parts: gathered.parts.map((part) => part.input),
    notice: slot?.notice ?? null,
    dataAsOf: slot?.dataAsOf ?? null,
    stopUrl: null,
  };
  const letter = await assemble({ input, gathered: gathered.parts, budgetBytes: report.sizeBudgetBytes }, parts);
  const installation = await installationOf(parts.pool);
  const message = messageOf(delivery, { report, letter, mail: parts.mail, installation });
  const stored = await storedMessage(message, {
    deliveryId: delivery.id,
    date: parts.clock.now(),
    encode: parts.drawn.encode,
  });
  await keep({ delivery, stored, gathered, notes: [...gathered.mistakes, ...letter.notes] }, parts);
  return true;
};

interface MessageFacts {
  readonly report: Report;
  readonly letter: Letter;
  readonly installation: string;
  readonly mail: ComposeParts["mail"];
}

const messageOf = (delivery: Delivery, { report, letter, mail, installation }: MessageFacts): Message => {
  const { envelope, id: deliveryId, locale } = delivery;
  const { from } = mail;
  return {
    // After a lost database ids begin anew, and mailboxes drop an email whose Message-ID they have seen.
    messageId: messageIdOf({ deliveryId: `${deliveryId}.${installation}`, from }),
    from,
    to: namedAddress(envelope.toName ?? "", envelope.to),
    cc: envelope.cc,
    bcc: envelope.bcc,
    replyTo: report.owner ?? mail.replyTo,
    subject: letter.subject,
    text: letter.text,
    html: letter.html,
    headers: {
      ...headersFor({
        deliveryId,
        report: delivery.report,
        reportTitle: inLanguage(report.title, locale),
        from,
        stopUrl: null,
      }),
      ...threadOf(delivery),
    },
    inline: letter.inline,
    attachments: letter.attachments,
  };
};

/** A correction stands below the email that it corrects, wherever mail is read in threads. */
const threadOf = ({ correction }: Delivery): Readonly<Record<string, string>> =>
  correction === undefined ? {} : { "In-Reply-To": correction.messageId, References: correction.messageId };

interface Kept {
  readonly delivery: Delivery;
  readonly stored: StoredMessage;
  readonly gathered: Gathered;
  readonly notes: readonly string[];
}

/**
 * The bytes first, then the rows at once: a row never names a message that isn't there. What somebody else wrote, released or
 * ended meanwhile stays as it is.
 */
const keep = async (
  { delivery, stored, gathered, notes }: Kept,
  { pool, artifacts, log, passPoint }: ComposeParts,
): Promise<void> => {
  const { bytes, ...rest } = stored;
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const path = `messages/${delivery.nominal.toString().slice(0, 10)}/${delivery.id}-${sha256.slice(0, 12)}.eml`;
  await artifacts.put(path, bytes);
  await passPoint("write:kept");
  const facts = gathered.parts.flatMap(({ input }) =>
    input.facts.map((fact) => ({ ...fact, name: keptName(input.part, fact.name) })),
  );
  const isOurs = await putMessage(pool, { ...rest, path, sha256, size: bytes.length }, { facts, notes });
  // What nobody will name mustn't stay: it may be of somebody who was erased meanwhile.
  if (!isOurs) await oweRemoval(pool, path);
  await passPoint("write:composed");
  log.info(isOurs ? "delivery.composed" : "delivery.fenced", { delivery: delivery.id, bytes: bytes.length, notes });
};
