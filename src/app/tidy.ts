import { join } from "node:path";
import { recurringTroubles } from "#app/alerts.ts";
import { outboxOf } from "#app/mail.ts";
import type { Opened } from "#app/work.ts";
import type { Bucket } from "#bucket/port.ts";
import type { KeepConfig } from "#config/config.ts";
import type { Work, WorkSettings } from "#daemon.ts";
import type { Alerts } from "#model/alert.ts";
import { wordsOf } from "#model/fault.ts";
import { later, msBetween, type Temporal } from "#model/time.ts";
import { startLoop } from "#runtime/loop.ts";
import { removeOldFiles } from "#send/mailers/folder-files.ts";
import type { Db } from "#store/db.ts";
import { holdLock } from "#store/hold.ts";
import {
  type Bound,
  dropAlerts,
  dropAudit,
  dropDeliveries,
  dropRenders,
  isNamed,
  owedRemovals,
  oweRemoval,
  refuseRemoval,
  retireArtifacts,
  retireMessages,
  settleRemoval,
  unnamedOf,
} from "#store/retention.ts";

type TidyParts = Pick<Opened, "pool" | "clock" | "log" | "artifacts"> & {
  readonly keep: KeepConfig;
  /** Folder of emails that were put down, where it is ours; `null`: others take them from there. */
  readonly outbox: string | null;
};

/** What tidying uses of an app. */
export const tidyPartsOf = (open: Pick<Opened, "config" | "pool" | "clock" | "log" | "artifacts">): TidyParts => {
  const { config, pool, clock, log, artifacts } = open;
  const outbox = outboxOf(config);
  const isOurs = outbox === join(config.home, "outbox");
  return { pool, clock, log, artifacts, keep: config.keep, outbox: isOurs ? outbox : null };
};

/** Rows that one statement takes at most: nobody who sends waits long for a lock. */
const batch = 200;

/** What no row names is looked for this often: it comes only of processes that were killed between two effects. */
const searchEveryMs = 24 * 3_600_000;

/** How often rows are asked whose time is over, and bytes are removed. */
const tidyEveryMs = 10 * 60_000;

/** The longest that one round may take; the next one goes on where it ended. */
const longestMs = 10 * 60_000;

/** What a round of tidying did. */
export interface Tidied {
  /** Rows that were marked or dropped. */
  readonly rows: number;
  /** Files that were removed. */
  readonly files: number;
  /** Why some could not be; `null`: all were. */
  readonly trouble: string | null;
}

/** Takes away whose time is over, beside the other loops of a process that plans. */
export const withTidying = (
  work: Work,
  {
    open,
    alerts,
    settings,
  }: {
    readonly open: Opened;
    readonly alerts: Alerts;
    readonly settings: Pick<WorkSettings, "roles" | "occasion">;
  },
): Work => {
  if (settings.occasion !== null || !settings.roles.includes("tick")) return work;
  const { clock, log } = open;
  const loop = startLoop({
    name: "tidy",
    everyMs: tidyEveryMs,
    longestRoundMs: longestMs,
    clock,
    work: tidyRounds(tidyPartsOf(open), alerts),
    onFault: (error, inARow) => log.error("loop.fault", { loop: "tidy", error, inARow }),
  });
  return {
    ...work,
    loops: [...work.loops, loop],
    stop: async () => void (await Promise.all([work.stop(), loop.stop()])),
  };
};

const tidyRounds = (parts: TidyParts, alerts: Alerts) => {
  const { pool, clock, log } = parts;
  const tell = recurringTroubles(alerts);
  let searchedAt: Temporal.Instant | null = null;
  return async (signal: AbortSignal): Promise<undefined> => {
    // One process is enough; the others look again at their next round.
    await using hold = await holdLock(pool, "tidy");
    if (hold === null) return;
    const now = clock.now();
    const isTime = searchedAt === null || msBetween(searchedAt, now) >= searchEveryMs;
    const bound = AbortSignal.any([signal, AbortSignal.timeout(longestMs)]);
    const { rows, files, trouble } = await tidy(parts, { now, search: isTime, signal: bound });
    if (isTime && !bound.aborted) searchedAt = now;
    if (rows + files > 0) log.info("tidy.done", { rows, files });
    await tell("tidy", trouble === null ? null : troubleOf(trouble));
  };
};

const troubleOf = (words: string) => ({
  severity: "warning" as const,
  subject: "old pictures and emails can't be removed",
  lines: [words, "Nothing waits for it, but what should be gone by `keep` is still there. It is tried again."],
});

/** One round: rows whose time is over, what nobody names, and the bytes of both. Nothing that an open delivery needs goes. */
export const tidy = async (
  parts: TidyParts,
  { now, search, signal }: { readonly now: Temporal.Instant; readonly search: boolean; readonly signal: AbortSignal },
): Promise<Tidied> => {
  const rows = await retireAll(parts, now, signal);
  if (search) await noteUnnamed(parts, now, signal);
  const owed = await removeAllOwed(parts, signal);
  const put = search ? await removePutDown(parts, now) : none;
  return { rows, files: owed.files + put.files, trouble: owed.trouble ?? put.trouble };
};

type Removed = Omit<Tidied, "rows">;

const none: Removed = { files: 0, trouble: null };

const removePutDown = async ({ outbox, keep }: TidyParts, now: Temporal.Instant): Promise<Removed> => {
  if (outbox === null || keep.messagesMs === null) return none;
  try {
    return { files: await removeOldFiles(outbox, later(now, -keep.messagesMs)), trouble: null };
  } catch (error) {
    return { files: 0, trouble: wordsOf(error) };
  }
};

type Step = readonly [keptMs: number | null, take: (bound: Bound) => Promise<number>];

const retireAll = async ({ pool, keep }: TidyParts, now: Temporal.Instant, signal: AbortSignal): Promise<number> => {
  const steps: readonly Step[] = [
    [keep.artifactsMs, (bound) => retireArtifacts(pool, bound)],
    [keep.messagesMs, (bound) => retireMessages(pool, bound)],
    [keep.deliveriesMs, (bound) => dropDeliveries(pool, bound)],
    [keep.deliveriesMs, (bound) => dropRenders(pool, bound)],
    [keep.deliveriesMs, (bound) => dropAlerts(pool, bound)],
    [keep.auditMs, (bound) => dropAudit(pool, bound)],
  ];
  let rows = 0;
  for (const [keptMs, take] of steps) {
    if (keptMs === null) continue;
    for (let taken = batch; taken === batch && !signal.aborted; rows += taken) {
      taken = await take({ before: later(now, -keptMs), now, limit: batch });
    }
  }
  return rows;
};

/** Whoever is killed between writing bytes and naming them leaves bytes that no row knows. Their key holds their day. */
const noteUnnamed = async (
  { pool, artifacts, keep }: TidyParts,
  now: Temporal.Instant,
  signal: AbortSignal,
): Promise<void> => {
  for (const [prefix, keptMs] of [
    ["renders/", keep.artifactsMs],
    ["messages/", keep.messagesMs],
  ] as const) {
    if (keptMs === null || signal.aborted) continue;
    // A day more, since the day is that of the report, in whatever zone.
    const before = later(now, -keptMs - 2 * 86_400_000)
      .toString()
      .slice(0, 10);
    const old = (await artifacts.list(prefix)).filter((key) => isBefore(key.slice(prefix.length), before));
    for (let at = 0; at < old.length; at += batch) {
      for (const path of await unnamedOf(pool, old.slice(at, at + batch))) await oweRemoval(pool, path);
    }
  }
};

const isBefore = (rest: string, date: string): boolean => /^\d{4}-\d{2}-\d{2}\//.test(rest) && rest.slice(0, 10) < date;

const removeAllOwed = async (parts: TidyParts, signal: AbortSignal): Promise<Removed> => {
  let files = 0;
  let trouble: string | null = null;
  while (!signal.aborted) {
    const paths = await owedRemovals(parts.pool, batch);
    if (paths.length === 0) break;
    const removed = await removeOwed(paths, { ...parts, signal });
    files += removed.files;
    trouble ??= removed.trouble;
  }
  return { files, trouble };
};

/** Removes bytes that nothing names any more. What can't be removed now is tried again by the loop. */
export const removeOwed = async (
  paths: readonly string[],
  { pool, artifacts, signal }: { readonly pool: Db; readonly artifacts: Bucket; readonly signal?: AbortSignal },
): Promise<Removed> => {
  let files = 0;
  let trouble: string | null = null;
  for (const path of paths) {
    if (signal?.aborted) break;
    try {
      if (!(await isNamed(pool, path)) && (await artifacts.remove(path))) files += 1;
      await settleRemoval(pool, path);
    } catch (error) {
      trouble ??= wordsOf(error);
      await refuseRemoval(pool, path, wordsOf(error));
    }
  }
  return { files, trouble };
};
