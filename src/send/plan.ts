import type { Retry } from "#model/fault.ts";
import { before, later, type Temporal } from "#model/time.ts";

/** What is known after a try of a delivery failed. */
export interface FailedTry {
  /** What may be done after the fault: `never` again, `later`, or `unknown`, which may have been sent. */
  readonly retry: Retry;
  /** Tries so far, this one included. */
  readonly attempts: number;
  /** The mailer took nothing from anybody: that says nothing about this email, so it waits as long as it has time. */
  readonly isAway?: boolean;
  /** Those of the tries at which the mailer was there; all, without it. */
  readonly counted?: number;
  readonly maxAttempts: number;
  readonly now: Temporal.Instant;
  /** From then on it isn't sent any more. */
  readonly expiresAt: Temporal.Instant;
  /** In [0, 1): spreads those that failed together. */
  readonly random: number;
  /** What the mail server asked for, in milliseconds; never undercut. */
  readonly retryAfterMs?: number | null;
  /** What happens to an email that may have been sent: `ask` somebody (the default), or `resend` it and risk a double. */
  readonly whenUncertain?: "ask" | "resend";
}

/** What happens next, and the sentence that says why. */
export type SendDecision =
  | { readonly do: "wait"; readonly until: Temporal.Instant; readonly reason: string }
  | { readonly do: "give-up"; readonly reason: string }
  | { readonly do: "uncertain"; readonly reason: string };

/** The first wait is up to half a minute and doubles up to half an hour: eight tries cover about an hour of a mail server's trouble. */
const firstWaitMs = 30_000;
const longestWaitMs = 30 * 60_000;
/** What is owed goes out soon after the mailer is there again. */
const longestAwayMs = 5 * 60_000;
/** A server that just said “later” isn't asked again at once, whatever chance says. */
const leastWaitMs = 1_000;

/** Decides whether a failed try is repeated, and when. It never repeats by itself what may have been sent, unless told to. */
export const afterFault = (failed: FailedTry): SendDecision => {
  switch (failed.retry) {
    case "never":
      return { do: "give-up", reason: "The mail server refused it for good." };
    case "unknown":
      return failed.whenUncertain === "resend" ? resend(failed) : { do: "uncertain", reason: notByItself };
    case "later":
      return again(failed, failed.isAway ? itWaits : `Try ${failed.attempts} of ${failed.maxAttempts} failed.`);
  }
};

const itWaits = "It waits until the mailer takes emails again.";
const notByItself = "It may have been taken, so it is not sent again by itself.";

/** What may have been taken never counts as failed: when no further try is left, nobody knows. */
const resend = (failed: FailedTry): SendDecision => {
  const decision = again(failed, "It may have been taken; by your policy it is sent again.");
  return decision.do === "give-up"
    ? { do: "uncertain", reason: `It may have been taken. ${decision.reason}` }
    : decision;
};

const again = (failed: FailedTry, reason: string): SendDecision => {
  const { attempts, counted = attempts, maxAttempts, now, expiresAt } = failed;
  if (!failed.isAway && counted >= maxAttempts) return { do: "give-up", reason: `All ${maxAttempts} tries failed.` };
  const until = later(now, waitMs(failed));
  if (!before(until, expiresAt)) return { do: "give-up", reason: "The next try would be after it expires." };
  return { do: "wait", until, reason };
};

/** Full jitter under a doubling bound, so that many that failed together don't come back together. */
const waitMs = ({ attempts, random, retryAfterMs, isAway = false }: FailedTry): number => {
  const bound = Math.min(
    isAway ? longestAwayMs : longestWaitMs,
    firstWaitMs * 2 ** Math.min(20, Math.max(0, attempts - 1)),
  );
  const chance = Math.min(Math.max(random, 0), 1);
  if (retryAfterMs == null) return Math.max(leastWaitMs, Math.floor(bound * chance));
  // What the server asked for counts from now, and the spread comes on top of it: all of its senders got the same answer. Who asks for a
  // second wants no half minute.
  const spread = Math.min(bound, firstWaitMs, Math.max(leastWaitMs, retryAfterMs));
  return Math.max(leastWaitMs, retryAfterMs + Math.floor(spread * chance));
};

/** What is known before a try. */
export interface Before {
  readonly now: Temporal.Instant;
  readonly expiresAt: Temporal.Instant;
  readonly notBefore: Temporal.Instant | null;
  readonly attempts: number;
  readonly maxAttempts: number;
}

/** Decides whether a delivery may go out now. */
export const beforeSending = (facts: Before): SendDecision | { readonly do: "send"; readonly reason: string } => {
  const { now, expiresAt, notBefore, attempts, maxAttempts } = facts;
  if (!before(now, expiresAt)) return { do: "give-up", reason: "It was not sent before it expired." };
  if (notBefore !== null && before(now, notBefore))
    return { do: "wait", until: notBefore, reason: "Its next try is later." };
  if (attempts >= maxAttempts) return { do: "give-up", reason: `All ${maxAttempts} tries failed.` };
  return { do: "send", reason: "It is due." };
};
