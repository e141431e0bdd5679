/** How commands put values into words. */
import type { Tone } from "#cli/table.ts";
import type { DeliveryPart, DeliveryState, Envelope } from "#model/delivery.ts";
import type { Temporal } from "#model/time.ts";

/** `Thu 2026-11-19 07:00` in a zone. */
export const timeInWords = (instant: Temporal.Instant, zone: string): string => {
  const at = instant.toZonedDateTimeISO(zone);
  const weekday = at.toLocaleString("en", { weekday: "short" });
  return `${weekday} ${at.toPlainDate().toString()} ${at.toPlainTime().toString({ smallestUnit: "minute" })}`;
};

/** `now`, `in 40 s`, `in 3 h`, `in 2 days`; nothing for what is past. */
export const aheadInWords = (ms: number): string => {
  const seconds = Math.round(ms / 1000);
  // What was due a moment ago is being made, not past.
  if (seconds < 1) return seconds > -60 ? "now" : "";
  if (seconds < 60) return `in ${seconds} s`;
  const minutes = Math.round(ms / 60_000);
  if (minutes < 90) return `in ${minutes} min`;
  return minutes < 36 * 60 ? `in ${Math.round(minutes / 60)} h` : `in ${Math.round(minutes / 1440)} days`;
};

/** Every address that gets an email: `anna@x, cc ben@x`. */
export const envelopeInWords = ({ to, cc, bcc }: Envelope): string =>
  [to, ...cc.map((one) => `cc ${one}`), ...bcc.map((one) => `bcc ${one}`)].join(", ");

/** What the parts of an email show: each view once, with its sections where it has some. */
export const partsInWords = (parts: readonly Pick<DeliveryPart, "view" | "heading">[]): string =>
  [...Map.groupBy(parts, (part) => part.view)]
    .map(([view, those]) => {
      const headings = those.flatMap((part) => part.heading ?? []);
      return headings.length === 0 ? view : `${view} (${headings.join(", ")})`;
    })
    .join("; ");

const tones: Readonly<Partial<Record<DeliveryState, Tone>>> = {
  sent: "good",
  failed: "bad",
  uncertain: "bad",
  quarantined: "warn",
  expired: "warn",
  skipped: "dim",
  superseded: "dim",
  discarded: "dim",
};

/** A state in its colour. */
export const stateCell = (state: DeliveryState): { readonly text: string; readonly tone: Tone } | string => {
  const tone = tones[state];
  return tone === undefined ? state : { text: state, tone };
};

/** `1 delivery`, `3 deliveries`. */
export const counted = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`;

/** `412 kB`, `3.1 MB`, `78 GB`. */
export const sizeInWords = (bytes: number): string => {
  if (bytes < 1_000_000) return `${Math.max(1, Math.round(bytes / 1000))} kB`;
  return bytes < 10_000_000_000 ? `${(bytes / 1_000_000).toFixed(1)} MB` : `${Math.round(bytes / 1_000_000_000)} GB`;
};
