/** An operator says what became of an uncertain delivery. */
import { type Asked, refuse, refuseEmpty, refuseLate, type VerbParts } from "#actions/deliveries.ts";
import { deliveryNamed } from "#actions/named.ts";
import type { Delivery } from "#model/delivery.ts";
import { later } from "#model/time.ts";
import { transaction } from "#store/pool.ts";
import { reportVersion } from "#store/reports.ts";
import { resolveUncertain } from "#store/sends.ts";

/** What an operator found out: it had arrived, it had not and goes out again, or it is given up. */
export type Verdict = "sent" | "resend" | "failed";

const stateOf = { sent: "sent", resend: "composed", failed: "failed" } as const;

const DAY_MS = 86_400_000;

/** Ends the uncertainty about a delivery; the reason is recorded with who gave it. One that goes out again may arrive twice, and says so. */
export const resolveDelivery = async (
  {
    id,
    by,
    reason,
    verdict,
    late,
  }: Asked & {
    readonly reason: string;
    readonly verdict: Verdict;
    readonly late: boolean;
  },
  { pool, clock }: VerbParts,
): Promise<Delivery> => {
  refuseEmpty(reason);
  const delivery = await deliveryNamed(id, pool);
  const now = clock.now();
  if (verdict === "resend" && !late) refuseLate(delivery, now, "sent again");
  const expiresAt = later(now, (await reportVersion(pool, delivery.version))?.expiresMs ?? DAY_MS);
  const resolution = { id, as: stateOf[verdict], by, reason, now, expiresAt };
  if (await transaction(pool, (db) => resolveUncertain(db, resolution), by)) return delivery;
  throw refuse(delivery, "resolved", "an uncertain one");
};
