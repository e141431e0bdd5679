import { setTimeout as pause } from "node:timers/promises";
import type { Delivery } from "#model/delivery.ts";
import type { Mailer } from "#send/port.ts";
import { nextWritten, takeTurn } from "#store/budgets.ts";
import type { WorkAsk } from "#store/deliveries.ts";
import type { Pool } from "#store/pool.ts";

/** What waiting for a turn uses. */
export interface TurnParts {
  readonly pool: Pool;
  readonly mailerFor: (delivery: Pick<Delivery, "trial">) => Mailer;
  /** Of all processes together; `null`: unbounded. */
  readonly emailsPerMinute: number | null;
}

/** A turn that is further away is asked for again, so that a stop needn't wait for it. */
const mostMs = 1_000;

/**
 * Waits until the next email may leave. `go`: it may. `none`: nothing is to be sent. `later`: its turn is still far away. Files in a folder
 * have no rate.
 */
export const awaitTurn = async (
  ask: WorkAsk,
  parts: TurnParts,
  signal: AbortSignal,
): Promise<"go" | "none" | "later"> => {
  if (parts.emailsPerMinute === null) return "go";
  const next = await nextWritten(parts.pool, ask);
  if (next === null) return "none";
  const { name } = parts.mailerFor(next);
  if (name === "folder") return "go";
  const wait = await takeTurn(parts.pool, { name, perSecond: parts.emailsPerMinute / 60, mostMs });
  await pause(wait ?? mostMs, undefined, { signal }).catch(() => {});
  return wait === null ? "later" : "go";
};
