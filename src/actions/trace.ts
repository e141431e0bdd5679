/** Why somebody did or did not get an email: everything that is recorded about one delivery. */
import { deliveryNamed } from "#actions/named.ts";
import type { Delivery, Slot } from "#model/delivery.ts";
import type { Proof } from "#model/proof.ts";
import type { Artifact } from "#model/render.ts";
import { proofsOf } from "#store/deliveries.ts";
import { type MailEvent, mailEventsOf } from "#store/mail-events.ts";
import { type MessageRow, messageOf } from "#store/messages.ts";
import type { Pool } from "#store/pool.ts";
import { artifactsOf, type RenderRow, renderById } from "#store/renders.ts";
import { attemptsOf } from "#store/sends.ts";
import { slotById } from "#store/slots.ts";

/** A drawing of one of a delivery's views, with what came out of it. */
export interface TracedRender {
  readonly row: RenderRow;
  readonly artifacts: readonly Artifact[];
}

/** A delivery's way, stage by stage. */
export interface Trace {
  readonly delivery: Delivery;
  /** `null`: an operator asked for it. */
  readonly slot: Slot | null;
  readonly renders: readonly TracedRender[];
  readonly proofs: readonly Proof[];
  readonly message: MessageRow | null;
  readonly attempts: Awaited<ReturnType<typeof attemptsOf>>;
  /** What was told of it after it was handed over. */
  readonly events: readonly MailEvent[];
}

/** Gathers everything that is recorded about a delivery. Throws `store.not-found`. */
export const traceOf = async (id: string, pool: Pool): Promise<Trace> => {
  const delivery = await deliveryNamed(id, pool);
  const renderIds = [...new Set(delivery.parts.map((part) => part.renderId))];
  const artifacts = await artifactsOf(pool, renderIds);
  const renders: TracedRender[] = [];
  for (const renderId of renderIds) {
    const row = await renderById(pool, renderId);
    if (row !== null) renders.push({ row, artifacts: artifacts.filter((one) => one.renderId === renderId) });
  }
  return {
    delivery,
    slot: delivery.slotId === null ? null : await slotById(pool, delivery.slotId),
    renders,
    proofs: await proofsOf(pool, id),
    message: await messageOf(pool, id),
    attempts: await attemptsOf(pool, id),
    events: await mailEventsOf(pool, id),
  };
};
