import type { Clock } from "#runtime/clock.ts";
import { drawableDeliveries, moveDelivery } from "#store/deliveries.ts";
import type { Pool } from "#store/pool.ts";

/** Marks as drawn every planned delivery all of whose renders ended: those of one render, or all of them for the sweep. */
export const gatherDrawn = async (
  renderId: string | null,
  parts: { readonly pool: Pool; readonly clock: Clock },
): Promise<number> => {
  const drawable = await drawableDeliveries(parts.pool, renderId);
  for (const { id, policy, some, lost, reason } of drawable) {
    const without = !lost || (some && policy === "send-without");
    const end = {
      to: "failed",
      reason: reason ?? "its picture could not be drawn",
      finishedAt: parts.clock.now(),
    } as const;
    await moveDelivery(parts.pool, { id, from: "planned", ...(without ? { to: "drawn" as const } : end) });
  }
  return drawable.length;
};
