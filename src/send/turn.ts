import { setTimeout as pause } from "node:timers/promises";
import type { Delivery } from "#model/delivery.ts";
import type { Mailer } from "#send/port.ts";
import { heldFor, nextWritten, takeTurn } from "#store/budgets.ts";
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
  const next = await nextWritten(parts.pool, ask);
  if (next === null) return "none";
  const { name } = parts.mailerFor(next);
  if (name === "folder") return "go";
  const wait = await waitOf(name, parts);
  if (wait !== 0) await pause(Math.min(wait ?? mostMs, mostMs), undefined, { signal }).catch(() => {});
  return wait === null || wait > mostMs ? "later" : "go";
};

/** Without a rate only a mailer that asked to be left alone is waited for. */
const waitOf = (name: string, { pool, emailsPerMinute }: TurnParts): Promise<number | null> =>
  emailsPerMinute === null ? heldFor(pool, name) : takeTurn(pool, { name, perSecond: emailsPerMinute / 60, mostMs });
