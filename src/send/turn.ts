import { setTimeout as pause } from "node:timers/promises";
import type { Delivery } from "#model/delivery.ts";
import type { Mailer } from "#send/port.ts";
import { heldFor, takeTurn } from "#store/budgets.ts";
import type { Pool } from "#store/pool.ts";
import { nextSendable, type Sendable } from "#store/sends.ts";

/** What a mailer's pace is kept with. */
export interface PaceParts {
  readonly pool: Pool;
  /** Of all processes together; `null`: unbounded. */
  readonly emailsPerMinute: number | null;
}

/** What waiting for a turn uses. */
export interface TurnParts extends PaceParts {
  readonly mailerFor: (delivery: Pick<Delivery, "trial">) => Mailer;
}

/** A turn that is further away is asked for again, so that a stop needn't wait for it. */
const mostMs = 1_000;

/** `go`: an email in trial, or one that leaves, may go out now. `none`: nothing is to be sent. `later`: its turn is still far away. */
export type Turn = { readonly go: { readonly trial: boolean } } | "none" | "later";

/** Waits until the next email may leave. Files in a folder have no pace. */
export const awaitTurn = async (ask: Sendable, parts: TurnParts, signal: AbortSignal): Promise<Turn> => {
  const next = await nextSendable(parts.pool, ask);
  if (next === null) return "none";
  const { name } = parts.mailerFor(next);
  if (name === "folder") return { go: next };
  const wait = await waitOf(name, parts);
  if (wait !== 0) await pause(Math.min(wait ?? mostMs, mostMs), undefined, { signal }).catch(() => {});
  return wait === null || wait > mostMs ? "later" : { go: next };
};

/** Without a rate only a mailer that asked to be left alone is waited for. */
const waitOf = (name: string, { pool, emailsPerMinute }: PaceParts): Promise<number | null> =>
  emailsPerMinute === null ? heldFor(pool, name) : takeTurn(pool, { name, perSecond: emailsPerMinute / 60, mostMs });

/** Counts an email that leaves without a delivery, such as a summary. It doesn't wait: those that come after it do. */
export const countTurn = async (name: string, { pool, emailsPerMinute }: PaceParts): Promise<void> => {
  if (name === "folder" || emailsPerMinute === null) return;
  await takeTurn(pool, { name, perSecond: emailsPerMinute / 60, mostMs: 86_400_000 });
};
