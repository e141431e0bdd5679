import type { Alert, AlertChannel } from "#alert/port.ts";
import { within } from "#runtime/timeout.ts";

/** A channel that failed, with why. */
export interface Untold {
  readonly channel: string;
  readonly error: unknown;
}

/** How long one channel may take to tell one alert. */
const tellLimitMs = 30_000;

/** Tells an alert through all channels at once, each within its bound. Returns those that failed: the others have told it. */
export const tellAll = async (
  channels: readonly AlertChannel[],
  alert: Alert,
  signal?: AbortSignal,
): Promise<readonly Untold[]> => {
  const told = await Promise.all(
    channels.map(async (channel): Promise<Untold | null> => {
      const bound = { ms: tellLimitMs, name: `telling an alert by ${channel.name}`, ...(signal && { signal }) };
      try {
        await within(bound, (inner) => channel.tell(alert, inner));
        return null;
      } catch (error) {
        return { channel: channel.name, error };
      }
    }),
  );
  return told.filter((one) => one !== null);
};
