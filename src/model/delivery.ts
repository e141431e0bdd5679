import type { Filters } from "#model/filters.ts";
import type { Format } from "#model/people.ts";
import type { Temporal } from "#model/time.ts";

/** The states of a slot. `paused`: held back by the audience guard. */
export type SlotState = "due" | "waiting" | "ready" | "paused" | "planned" | "closed" | "skipped";

/** One planned occurrence of a report's schedule, unique per (report, schedule, zone, nominal instant). */
export interface Slot {
  readonly id: string;
  readonly report: string;
  readonly version: string;
  /** The schedule's words or cron, as written. */
  readonly schedule: string;
  readonly zone: string;
  readonly nominal: Temporal.Instant;
  readonly due: Temporal.Instant;
  readonly state: SlotState;
  readonly nextProbeAt: Temporal.Instant | null;
  readonly reason: string | null;
  /** Told to readers when data was late: the slot was sent with a notice. */
  readonly notice: "late-data" | "late-note" | null;
  /** When the data was found ready; `null` without readiness rules. */
  readonly dataAsOf: string | null;
  /** Number of deliveries it is for; `null` before its audience was drawn up. */
  readonly audience: number | null;
  /** An operator has stopped it. */
  readonly isStopped?: boolean;
}

export type DeliveryState =
  | "planned"
  | "drawn"
  | "proven"
  | "quarantined"
  | "composed"
  | "sending"
  | "sent"
  | "skipped"
  | "superseded"
  | "expired"
  | "discarded"
  | "failed"
  | "uncertain";

/** A part of the email: one view with one set of filters. */
export interface DeliveryPart {
  readonly report: string;
  readonly view: string;
  readonly filters: Filters;
  /** The section's heading when a delivery has several filter sections; `null` otherwise. */
  readonly heading: string | null;
  readonly renderId: string;
}

/** Who a delivery goes to, frozen when it was planned. */
export interface Envelope {
  readonly to: string;
  /** The name beside `to`; `null` when somebody else reads it instead. */
  readonly toName: string | null;
  readonly cc: readonly string[];
  readonly bcc: readonly string[];
}

/** What a delivery corrects: the email that somebody got, and why it was wrong. */
export interface Correction {
  /** The delivery that is corrected. */
  readonly of: string;
  /** Its email's Message-ID. */
  readonly messageId: string;
  readonly reason: string;
}

/** One email owed for one subscription and one slot, or for one request of an operator. */
export interface Delivery {
  readonly id: string;
  readonly slotId: string | null;
  /** `slot:<id>` or `request:<id>`: what it is owed for. */
  readonly occasion: string;
  readonly report: string;
  readonly version: string;
  readonly recipientId: string;
  readonly recipientName: string;
  /** The subscription's label, with the value's name for `split: each`. */
  readonly label: string;
  readonly envelope: Envelope;
  readonly filters: Filters;
  readonly parts: readonly DeliveryPart[];
  readonly formats: readonly Format[];
  readonly locale: string;
  readonly zone: string;
  readonly nominal: Temporal.Instant;
  readonly expiresAt: Temporal.Instant;
  /** Only into the outbox: the report is in trial, or an operator asked for it. */
  readonly trial: boolean;
  readonly state: DeliveryState;
  readonly reason: string | null;
  readonly attempts: number;
  readonly notBefore: Temporal.Instant | null;
  readonly deadline: Temporal.Instant | null;
  /** Only for one that corrects another. */
  readonly correction?: Correction;
}

/** What the audience stage decided for one subscription: a delivery to make, or why there is none. */
export type DeliveryDraft = Omit<
  Delivery,
  | "id"
  | "slotId"
  | "occasion"
  | "version"
  | "state"
  | "reason"
  | "attempts"
  | "notBefore"
  | "deadline"
  | "parts"
  | "correction"
> & { readonly parts: readonly Omit<DeliveryPart, "renderId">[]; readonly skip: string | null };
