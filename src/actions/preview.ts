/** One person's email of a report as it would be now: drawn, proven and written the whole way, then discarded, never sent. */
import { deliveriesOf, type FollowParts, follow } from "#actions/follow.ts";
import { draftRequest, type SendParts } from "#actions/send.ts";
import { type Unpacked, unpackMessage } from "#actions/unpack.ts";
import type { Bucket } from "#bucket/port.ts";
import type { Delivery } from "#model/delivery.ts";
import { Fault } from "#model/fault.ts";
import type { Proof } from "#model/proof.ts";
import { moveDelivery, proofsOf } from "#store/deliveries.ts";
import { messageOf } from "#store/messages.ts";
import { transaction } from "#store/pool.ts";

/** What is asked for, and who asks. */
export interface PreviewAsk {
  readonly report: string;
  /** Key or address of a recipient. */
  readonly as: string;
  readonly by: string;
}

/** What previewing uses. `work` draws and writes what belongs to the occasion, and sends nothing. */
export interface PreviewParts extends SendParts {
  readonly artifacts: Bucket;
  readonly work: (occasion: string) => { readonly ring: () => void; readonly stop: () => Promise<void> };
  readonly follow: Omit<FollowParts, "ring">;
}

/** One delivery as it would have gone out; a person may get several. */
export interface Previewed {
  readonly delivery: Delivery;
  readonly subject: string;
  readonly bytes: Uint8Array;
  readonly unpacked: Unpacked;
  readonly proofs: readonly Proof[];
}

/** What came out: the emails, and what didn't become one, with its reason. */
export interface Preview {
  readonly written: readonly Previewed[];
  readonly others: readonly Delivery[];
}

/** The occasion of a preview begins so; sending never takes one. */
export const previewOccasion = (id: string): string => `preview:${id}`;

/** Draws and writes one person's emails, takes them apart, and discards their deliveries. */
export const preview = async (ask: PreviewAsk, parts: PreviewParts): Promise<Preview> => {
  const { known, drafts } = await draftRequest({ report: ask.report, as: ask.as, deliverTo: null, trial: true }, parts);
  const reason = drafts.every((draft) => draft.skip !== null) ? drafts[0]?.skip : null;
  if (reason) {
    const hint = "correct that first; a preview shows only what would go out";
    throw new Fault("store.not-found", `${ask.as} gets nothing of “${ask.report}”: ${reason}.`, { hint });
  }
  const occasion = previewOccasion(parts.newId());
  await transaction(parts.pool, (db) => parts.putDrafts(db, drafts, { known, slot: null, occasion }));
  const work = parts.work(occasion);
  try {
    const { deliveries } = await follow(occasion, { ...parts.follow, ring: work.ring }, isBeingWritten);
    return await taken(deliveries, parts);
  } finally {
    await work.stop();
    await discardAll(occasion, ask.by, parts);
  }
};

const isBeingWritten = ({ state }: Delivery): boolean => state === "planned" || state === "drawn" || state === "proven";

const taken = async (deliveries: readonly Delivery[], parts: PreviewParts): Promise<Preview> => {
  const written: Previewed[] = [];
  const others: Delivery[] = [];
  for (const delivery of deliveries) {
    const message = await messageOf(parts.pool, delivery.id);
    const bytes = message === null ? null : await parts.artifacts.get(message.path);
    if (message === null || bytes === null) others.push(delivery);
    else {
      const proofs = await proofsOf(parts.pool, delivery.id);
      written.push({ delivery, subject: message.subject, bytes, unpacked: unpackMessage(bytes), proofs });
    }
  }
  return { written, others };
};

/** Also what was left half done: a preview must never be owed to anybody. */
const discardAll = async (occasion: string, by: string, { pool, clock }: PreviewParts): Promise<void> => {
  for (const { id, state } of await deliveriesOf(occasion, pool)) {
    if (!["planned", "drawn", "proven", "quarantined", "composed"].includes(state)) continue;
    const move = { id, from: state, to: "discarded", reason: `preview by ${by}`, finishedAt: clock.now() } as const;
    await transaction(pool, (db) => moveDelivery(db, move), by);
  }
};

/** How a preview is written for disk, by name. */
export const previewFiles = (
  previewed: Previewed,
): readonly { readonly name: string; readonly content: Uint8Array }[] => {
  const { bytes, unpacked } = previewed;
  const encode = (text: string) => new TextEncoder().encode(text);
  const files = [...unpacked.pictures, ...unpacked.attachments].map(({ fileName, content }) => ({
    name: fileName,
    content,
  }));
  return [
    { name: "email.eml", content: bytes },
    { name: "email.html", content: encode(unpacked.html) },
    { name: "email.txt", content: encode(unpacked.text) },
    ...files,
  ];
};
