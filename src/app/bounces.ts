import { recurringTroubles } from "#app/alerts.ts";
import type { Opened } from "#app/work.ts";
import type { Config } from "#config/config.ts";
import type { Work, WorkSettings } from "#daemon.ts";
import type { Alerts } from "#model/alert.ts";
import { isFault, wordsOf } from "#model/fault.ts";
import { startLoop } from "#runtime/loop.ts";
import { type BounceParts, readBounces } from "#send/bounces.ts";
import { imapMailbox } from "#send/mailbox/imap.ts";
import type { Mailbox } from "#send/mailbox/port.ts";
import { holdLock } from "#store/hold.ts";

/** What reading the bounce mailbox uses. */
export interface BounceReading {
  readonly open: Opened;
  readonly alerts: Alerts;
  readonly settings: Pick<WorkSettings, "roles" | "occasion">;
}

/** The longest that one look into the mailbox may take, whatever its server does. */
const longestMs = 10 * 60_000;

/** A mail server that restarts is no trouble yet. */
const toldAfter = 3;

/** The bounce mailbox; `null` where the configuration names none. Nobody is asked before it is used. */
export const mailboxOf = ({ mail: { bounces }, limits }: Config): Mailbox | null =>
  bounces === null ? null : imapMailbox({ ...bounces, limitMs: limits.sendLimitMs });

/** Reads the bounce mailbox beside the other loops where the configuration names one, in a process that sends. */
export const withBounces = (work: Work, { open, alerts, settings }: BounceReading): Work => {
  const { config, mailbox } = open;
  const { bounces } = config.mail;
  if (bounces === null || mailbox === null || settings.occasion !== null || !settings.roles.includes("send"))
    return work;
  const loop = startLoop({
    name: "bounces",
    everyMs: bounces.everyMs,
    longestRoundMs: longestMs,
    clock: open.clock,
    work: look({ open, alerts }, mailbox, bounces.address),
    onFault: (error, inARow) => open.log.error("loop.fault", { loop: "bounces", error, inARow }),
  });
  return {
    ...work,
    loops: [...work.loops, loop],
    stop: async () => void (await Promise.all([work.stop(), loop.stop()])),
  };
};

const look = ({ open, alerts }: Omit<BounceReading, "settings">, mailbox: Mailbox, address: string) => {
  const { pool, clock, log, installation } = open;
  const parts: BounceParts = { pool, clock, log, alerts, mailbox, address };
  const troubles = troublesOf(open, alerts);
  return async (signal: AbortSignal): Promise<undefined> => {
    // What a copy of the database took out of the mailbox, the one that sends would never see.
    if (installation.id() === null) return;
    // One process is enough: what two read at once would be moved by both.
    await using hold = await holdLock(pool, "bounces");
    if (hold === null) return;
    try {
      const read = await readBounces(parts, AbortSignal.any([signal, AbortSignal.timeout(longestMs)]));
      if (read > 0) log.info("bounces.read", { emails: read });
      await troubles.over();
    } catch (error) {
      if (!isFault(error, "send.temporary")) throw error;
      if (!signal.aborted) await troubles.away(error);
    }
  };
};

const troublesOf = ({ log }: Opened, alerts: Alerts) => {
  const tell = recurringTroubles(alerts);
  let inARow = 0;
  return {
    over: async (): Promise<void> => {
      inARow = 0;
      await tell("bounce-mailbox", null);
    },
    away: async (error: unknown): Promise<void> => {
      inARow += 1;
      log.warn("bounces.away", { error, inARow });
      if (inARow >= toldAfter) await tell("bounce-mailbox", awayWords(error));
    },
  };
};

const awayWords = (error: unknown) => ({
  severity: "warning" as const,
  subject: "the mailbox of emails that come back can't be read",
  lines: [
    wordsOf(error),
    "Emails still go out. Who can't be reached is learned of when the mailbox can be read again: nothing in it is lost.",
  ],
});
