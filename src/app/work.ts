import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { alertsOf, recurringTroubles, troublesOf } from "#app/alerts.ts";
import { tickAll } from "#app/reports.ts";
import { watchOver } from "#app/watch.ts";
import type { App } from "#app.ts";
import { freshLists } from "#audience/fresh.ts";
import { readLists } from "#audience/lists.ts";
import { isChosenSkip } from "#audience/plan.ts";
import { rememberTimings } from "#audience/timings.ts";
import { handedOver } from "#bucket/handed-over.ts";
import { openDrawn } from "#compose/drawn.ts";
import { openPictures } from "#compose/pictures.ts";
import { tellOwner } from "#compose/summarize.ts";
import type { Config } from "#config/config.ts";
import type { WorkParts, WorkSettings } from "#daemon.ts";
import type { Delivery } from "#model/delivery.ts";
import type { Report } from "#model/report.ts";
import { linksInto } from "#render/servers/open.ts";
import type { Mailer } from "#send/port.ts";
import { countTurn } from "#send/turn.ts";
import { hearBells } from "#store/bells.ts";
import { allReports, rememberReports } from "#store/reports.ts";

/** An app that is open, without its loops. */
export type Opened = Omit<App, "parts" | "backups" | "work" | "putDrafts">;

/** How this process works, by its configuration. */
export const workSettings = ({ limits }: Config): Omit<WorkSettings, "roles" | "occasion"> => ({
  owner: `${hostname()}:${process.pid}:${randomUUID().slice(0, 8)}`,
  host: hostname(),
  pid: process.pid,
  takeovers: limits.takeovers,
  longestRoundMs: longestRoundOf(limits),
  sweepEveryMs: limits.sweepEveryMs,
  leaseMs: limits.leaseMs,
  sendLimitMs: limits.sendLimitMs,
  renderAttempts: limits.renderAttempts,
  painters: limits.browsers,
  senders: limits.senders,
  stopTimeoutMs: limits.stopTimeoutMs,
});

/** All that one round may wait for, one after the other: drawing with all its formats, writing, or handing over. */
const longestRoundOf = (limits: Config["limits"]): number => {
  const drawing = limits.openTimeoutMs + limits.signInTimeoutMs * 2 + limits.settleTimeoutMs;
  const taking = limits.captureTimeoutMs * 3 + limits.exportTimeoutMs;
  return Math.max(2 * (drawing + taking), limits.writeTimeoutMs, limits.sendLimitMs, limits.probeTimeoutMs * 2);
};

/** Some tens of usual emails, for as long as it usually takes until they are sent; nobody's stays here who is erased later. */
const writtenEmails = { prefix: "messages/", mostBytes: 16_000_000, longestMs: 60_000 };

/** The parts of all loops. */
export const partsOf = (open: Opened, arrive: () => Promise<void>): WorkParts => {
  const { config, clock, log, pool, sources, servers, holidays } = open;
  const artifacts = handedOver(open.artifacts, writtenEmails);
  const { limits, mail, dir } = config;
  const { definitionOf, reportOf } = rememberReports(pool);
  const alerts = alertsOf(open);
  const tellTicks = recurringTroubles(alerts);
  const tellRows = troublesOf("rows:", alerts, pool);
  const timings = rememberTimings(open);
  const readListsOf = (report: Report) => readLists(report, { pool, clock, sources, dir });
  return {
    ...{ pool, clock, log, artifacts, sources, mail, passPoint: open.passPoint },
    mailer: config.mail.via.kind,
    emailsPerMinute: limits.emailsPerMinute,
    writeTimeoutMs: limits.writeTimeoutMs,
    hearWakeUps: (told, signal) => hearBells(pool, told, signal),
    // Asked each time, since a server that was away may have come.
    concurrency: () =>
      Object.fromEntries(
        config.servers.filter(({ name }) => servers.has(name)).map((one) => [one.name, one.concurrency]),
      ),
    alerts,
    watch: watchOver(open, alerts),
    requests: open.requests,
    mailerFor: (delivery: Pick<Delivery, "trial">): Mailer => (delivery.trial ? open.outbox : open.mailer),
    installation: () => open.installation.id(),
    staging: mail,
    sendAttempts: limits.sendAttempts,
    whenUncertain: mail.whenUncertain,
    definitionOf,
    reportOf,
    holidaysOn: holidays.on,
    readiness: { sources, limitMs: limits.probeTimeoutMs },
    readLists: readListsOf,
    freshLists: freshLists({
      ...{ clock, log, readLists: readListsOf },
      reports: async () => (await allReports(pool)).map((known) => known.report),
    }),
    templates: open.templates,
    pictures: openPictures(),
    drawn: openDrawn(artifacts),
    linkTo: linksInto(servers, mail.linkBase),
    tick: async () => {
      await arrive();
      for (const { name } of config.servers)
        await tellTicks(`server:${name}`, servers.has(name) ? null : awayWords(name));
      return tickAll(open, { holidays: holidays.of, timings, tell: tellTicks, tellRows });
    },
    tellOwner: async (slot, signal) => {
      // From a copy of the database its owner would hear of a morning that somebody else has told already.
      if (open.installation.id() === null) return;
      await tellOwner(slot, await reportOf(slot), {
        isChosenSkip,
        ...{ pool, clock, mail, templates: open.templates, operators: config.alerts.email },
        // A lock is held meanwhile, and the database ends whoever holds one for a minute without a word.
        post: async (message, isTrial) => {
          const bound = AbortSignal.any([signal, AbortSignal.timeout(30_000)]);
          const leaves = isTrial ? open.outbox : open.mailer;
          await countTurn(leaves.name, { pool, emailsPerMinute: limits.emailsPerMinute });
          await leaves.send(message, bound);
        },
      });
    },
    openPainter: () => open.openPainter(servers),
  };
};

const awayWords = (server: string) => ({
  subject: `the report server “${server}” doesn't answer`,
  lines: ["Nothing of it is drawn until it does; it is asked again each minute.", "Look at it: daybreak doctor."],
});
