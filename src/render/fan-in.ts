import type { Clock } from "#runtime/clock.ts";
import { type Drawable, drawableDeliveries, markDrawn, moveDelivery } from "#store/deliveries.ts";
import type { Pool } from "#store/pool.ts";

/** Marks as drawn every planned delivery all of whose renders ended: those of one render, or all of them for the sweep. */
export const gatherDrawn = async (
  renderId: string | null,
  parts: { readonly pool: Pool; readonly clock: Clock },
): Promise<number> => {
  const drawable = await drawableDeliveries(parts.pool, renderId);
  const goesOn = ({ policy, some, lost }: Drawable): boolean => !lost || (some && policy === "send-without");
  // At once, since a picture may be for hundreds.
  await markDrawn(
    parts.pool,
    drawable.filter(goesOn).map(({ id }) => id),
  );
  for (const { id, reason } of drawable.filter((one) => !goesOn(one))) {
    const end = {
      to: "failed",
      reason: reason ?? "its picture could not be drawn",
      finishedAt: parts.clock.now(),
    } as const;
    await moveDelivery(parts.pool, { id, from: "planned", ...end });
  }
  return drawable.length;
};
