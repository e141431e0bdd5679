/** Which channel has to tell what of an alert, and when nothing of it is left to tell. */
import type { Alert } from "#model/alert.ts";
import { later, msBetween, type Temporal } from "#model/time.ts";

/** What one channel was offered so far. */
interface Offered {
  readonly channel: string;
  readonly kind: "opened" | "recovered";
  readonly tries: number;
  readonly isTold: boolean;
  readonly isDue: boolean;
}

/** An alert with what its channels know of it. */
export interface Known {
  readonly id: string;
  readonly key: string;
  readonly severity: "warning" | "critical";
  readonly subject: string;
  readonly lines: readonly string[];
  readonly recipient: string | null;
  readonly openedAt: Temporal.Instant;
  readonly recoveredAt: Temporal.Instant | null;
  readonly tellings: readonly Offered[];
}

/** What is to be offered now. */
export interface TellingPlan {
  readonly offers: readonly { readonly kind: Offered["kind"]; readonly channel: string }[];
  /** The alert is over, and whoever had to hear of it has. */
  readonly isSettled: boolean;
}

/** The log is no way of reaching somebody. */
const logName = "log";

/** After a day nobody needs to hear any more that something has recovered. */
const recoveredForMs = 24 * 3_600_000;

/**
 * An open alert is owed to every channel. One that has recovered is owed to those that told of it; to all of them when nobody was reached
 * while it was open, since a trouble that nobody heard of is told afterwards rather than never.
 */
export const planTellings = (alert: Known, channels: readonly string[], now: Temporal.Instant): TellingPlan => {
  const kind = alert.recoveredAt === null ? ("opened" as const) : ("recovered" as const);
  const owed = channels.filter((channel) => isOwed(alert, { kind, channel }));
  const isOver = owed.length === 0 && wasHeard(alert.tellings) && !isOwedElsewhere(alert);
  const isOld = alert.recoveredAt !== null && msBetween(alert.recoveredAt, now) > recoveredForMs;
  return {
    offers: isOld
      ? []
      : owed.filter((channel) => find(alert, { kind, channel })?.isDue ?? true).map((channel) => ({ kind, channel })),
    isSettled: kind === "recovered" && (isOld || isOver),
  };
};

interface Place {
  readonly kind: Offered["kind"];
  readonly channel: string;
}

const find = ({ tellings }: Known, { kind, channel }: Place): Offered | undefined =>
  tellings.find((one) => one.kind === kind && one.channel === channel);

const isOwed = (alert: Known, place: Place): boolean => {
  if (find(alert, place)?.isTold === true) return false;
  if (place.kind === "opened") return true;
  const knows = find(alert, { ...place, kind: "opened" })?.isTold === true;
  return knows || (place.channel !== logName && !wasHeard(alert.tellings));
};

/** Another process may have channels of which this one knows nothing. */
const isOwedElsewhere = (alert: Known): boolean =>
  alert.tellings.some((one) => one.kind === "opened" && one.isTold && isOwed(alert, { ...one, kind: "recovered" }));

const wasHeard = (tellings: Known["tellings"]): boolean =>
  tellings.some(({ channel, isTold }) => channel !== logName && isTold);

const firstWaitMs = 15_000;
const longestWaitMs = 10 * 60_000;

/** When a channel that failed for the `tries`-th time is offered it again: doubled each time, at most ten minutes. */
export const offerAgainAt = (now: Temporal.Instant, tries: number): Temporal.Instant =>
  later(now, Math.min(longestWaitMs, firstWaitMs * 2 ** Math.min(20, Math.max(0, tries - 1))));

/** The alert as a channel tells it. */
export const alertFor = (alert: Known, kind: Offered["kind"]): Alert => {
  const { id, key, severity, subject, recipient: to } = alert;
  if (kind === "opened" || alert.recoveredAt === null) return { id, key, severity, subject, lines: alert.lines, to };
  const minutes = Math.max(1, Math.round(msBetween(alert.openedAt, alert.recoveredAt) / 60_000));
  const over = `This is over. It lasted ${minutes === 1 ? "a minute" : `${minutes} minutes`}.`;
  const lines = wasHeard(alert.tellings.filter((one) => one.kind === "opened"))
    ? [over]
    : [...alert.lines, `${over} Nobody could be told while it lasted.`];
  return { id, key, severity: "recovered", subject, lines, to };
};
