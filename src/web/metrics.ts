import { Hono } from "hono";
import { collectDefaultMetrics, Gauge, Registry } from "prom-client";
import type { Temporal } from "#model/time.ts";
import type { Clock } from "#runtime/clock.ts";
import type { Log } from "#runtime/log.ts";
import type { Loop } from "#runtime/loop.ts";
import { within } from "#runtime/timeout.ts";
import type { Count, Counted } from "#store/gauges.ts";

/** What is told of the rows, whichever process is asked: name, help and labels of each. */
export const rowGauges: Readonly<Record<Count, readonly [name: string, help: string, ...labels: string[]]>> = {
  deliveries: [
    "daybreak_deliveries",
    "Deliveries of slots that came due within 24 hours, and all that are under way.",
    "report",
    "state",
    "mode",
  ],
  renders: [
    "daybreak_renders",
    "Renders that are wanted or being drawn, and those that ended within 24 hours.",
    "server",
    "state",
  ],
  slots: ["daybreak_slots", "Slots that came due within 24 hours, and all that are open.", "state"],
  slotAge: [
    "daybreak_oldest_due_slot_age_seconds",
    "How long the oldest slot that is due has been open; nothing when none is.",
    "report",
  ],
  queues: ["daybreak_queue_depth", "Rows that want work now.", "queue"],
  attempts: ["daybreak_attempts", "Tries to send that ended within the last hour.", "outcome"],
  events: ["daybreak_mail_events", "What mail services told within 24 hours of emails that they took.", "kind"],
  alerts: ["daybreak_alerts_open", "Troubles that operators were told of and that aren't over.", "severity", "kind"],
  archives: ["daybreak_archives", "Archives of backups.", "backup", "state"],
  archiveAge: ["daybreak_backup_verified_age_seconds", "Age of the newest archive that was read back whole.", "backup"],
  drillAge: ["daybreak_drill_passed_age_seconds", "Time since a restore was last rehearsed well.", "backup"],
  workers: ["daybreak_workers", "Processes that were heard of within 30 seconds.", "role"],
  waits: ["daybreak_budget_wait_seconds", "How long the next email waits for its turn.", "budget"],
  pauses: ["daybreak_server_paused", "1: an operator lets this report server rest.", "server"],
};

/** What answering uses. */
export interface MetricsParts {
  readonly count: (what: Count, now: Temporal.Instant) => Promise<readonly Counted[]>;
  /** Backups of the configuration: one without any proven archive is told as infinitely old, since nothing can't be watched. */
  readonly backups: readonly string[];
  readonly loops: () => readonly Loop[];
  readonly clock: Clock;
  readonly log: Log;
}

/** What a process tells of itself; opened once for its life, whatever configurations come and go. */
export interface ProcessMetrics {
  /** The text that Prometheus reads. */
  tell(parts: MetricsParts): Promise<string>;
  readonly contentType: string;
}

/** Whoever asks gives up after ten seconds, by default. */
const longestMs = 5_000;

/** Several may ask at once or all the time; the database is asked no more often than this. */
const freshForMs = 2_000;

/** Opens what a process tells about itself and its rows. */
export const openMetrics = (about: { readonly version: string }): ProcessMetrics => {
  const register = new Registry();
  collectDefaultMetrics({ register });
  const make: Make = (name, help, ...labels) => new Gauge({ name, help, labelNames: labels, registers: [register] });
  const info = make("daybreak_info", "What runs here.", "version", "node");
  info.set({ ...about, node: process.versions.node }, 1);
  const tellRows = rowsOver(make);
  const tellLoops = loopsOver(make);
  let told: { readonly at: number; readonly done: Promise<void> } | null = null;
  return {
    contentType: register.contentType,
    tell: async (parts) => {
      const now = performance.now();
      if (told === null || now - told.at > freshForMs) told = { at: now, done: tellRows(parts) };
      await told.done;
      tellLoops(parts.loops());
      return register.metrics();
    },
  };
};

type Make = (name: string, help: string, ...labels: readonly string[]) => Gauge;

const rowsOver = (make: Make) => {
  const isUp = make("daybreak_database_up", "0: the rows could not be counted, and none of their figures are told.");
  const gauges = kinds.map((what) => ({ what, gauge: make(...rowGauges[what]) }));
  const empty = (): void => {
    for (const { gauge } of gauges) gauge.reset();
  };
  const fill = (counts: ReadonlyMap<Count, readonly Counted[]>, backups: readonly string[]): void => {
    for (const { what, gauge } of gauges) {
      if (what === "archiveAge") for (const backup of backups) gauge.set({ backup }, Number.POSITIVE_INFINITY);
      for (const { labels, value } of counts.get(what) ?? []) gauge.set(labels, value);
    }
  };
  return async ({ count, backups, clock, log }: MetricsParts): Promise<void> => {
    try {
      const counts = await within({ ms: longestMs, name: "counting the rows" }, async (signal) => {
        const found = new Map<Count, readonly Counted[]>();
        // One after the other: what watches must not take the connections of what works.
        for (const what of kinds) if (!signal.aborted) found.set(what, await count(what, clock.now()));
        return found;
      });
      empty();
      fill(counts, backups);
      isUp.set(1);
    } catch (error) {
      // Figures of before would look as if all were well.
      empty();
      isUp.set(0);
      log.warn("metrics.uncounted", { error });
    }
  };
};

const kinds = Object.keys(rowGauges) as readonly Count[];

const loopsOver = (make: Make) => {
  const silent = make("daybreak_loop_silent_seconds", "Time since a loop last got on.", "loop");
  const stall = make("daybreak_loop_stall_seconds", "Silent for longer than this, a loop stands still.", "loop");
  const faults = make("daybreak_loop_faults_in_a_row", "Rounds of a loop that failed, one after the other.", "loop");
  return (loops: readonly Loop[]): void => {
    for (const gauge of [silent, stall, faults]) gauge.reset();
    for (const { name, stallMs, progress } of loops) {
      const { silentMs, faultsInARow } = progress();
      silent.set({ loop: name }, silentMs / 1_000);
      stall.set({ loop: name }, stallMs / 1_000);
      faults.set({ loop: name }, faultsInARow);
    }
  };
};

/** `GET /metrics`: what Prometheus collects. */
export const metricsRoute = (metrics: ProcessMetrics, parts: MetricsParts): Hono => {
  const app = new Hono();
  app.get("/metrics", async (context) => {
    context.header("content-type", metrics.contentType);
    return context.body(await metrics.tell(parts));
  });
  return app;
};
