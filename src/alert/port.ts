import type { Alert } from "#model/alert.ts";

/** One way of telling somebody. A channel that fails throws a `Fault`; the others are still tried. */
export interface AlertChannel {
  readonly name: string;
  tell(alert: Alert, signal: AbortSignal): Promise<void>;
}
