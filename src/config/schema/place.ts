import { z } from "zod";
import { mailKeys } from "#config/schema/mail.ts";
import {
  address,
  addressOrDomain,
  choice,
  line,
  list,
  mailbox,
  milliseconds,
  named,
  section,
  size,
  text,
  webUrl,
  whole,
  yearlyDate,
} from "#config/schema/values.ts";

const source = section({
  url: text("a database address")
    .optional()
    .describe(`Address of a Postgres database; its password comes from the environment: \${WAREHOUSE_URL}.`),
  statementTimeoutMs: milliseconds().prefault(30_000).describe("Longest time for one query."),
  rowLimit: whole(1, 1_000_000).prefault(200_000).describe("Most rows that one query may return."),
});

/** `sources`: databases that facts, probes and lists of people ask. */
export const sources = () => named("a source", source).prefault({});

/** `mail`: how emails leave. */
export const mail = () =>
  section({
    via: text("sendgrid, outbox, a folder or an smtp address")
      .optional()
      .describe("An smtp:// or smtps:// address, sendgrid, outbox (<home>/outbox), or folder:PATH. Default: outbox."),
    from: mailbox().optional().describe("Who the emails are from; must be said as soon as they leave this machine."),
    replyTo: mailbox().optional().describe("Where answers go; a report's owner stands before it."),
    sizeBudget: size().prefault("8MB").describe("Largest email; pictures are made smaller to stay below it."),
    linkBase: webUrl()
      .optional()
      .describe("Stands in links in place of the report server's address, where readers reach it by another."),
    onlyTo: list(addressOrDomain(), "addresses and domains")
      .optional()
      .describe("For staging: the only addresses and domains that mail may leave for."),
    redirectTo: address().optional().describe("For staging: the one mailbox that gets all mail, whoever it is for."),
    ...mailKeys,
  }).prefault({});

const calendar = section({
  country: line("a country's code").optional().describe("ISO code of the country whose public holidays are free: DE."),
  region: line("a region's code").optional().describe("Code of its region: BY for Bavaria."),
  days: z
    .union([
      list(yearlyDate(), "dates, or a section of dates with their names"),
      z.record(yearlyDate(), line("a name")),
    ])
    .optional()
    .describe("The company's own free days, with or without names: 2026-12-24, or 12-24 for every year."),
  except: list(yearlyDate(), "dates").optional().describe("Public holidays on which you do work."),
});

/** `calendars`: free days by name. */
export const calendars = () => named("a calendar", calendar).prefault({});

/** `browser`: the Chromium that draws. */
export const browser = () =>
  section({
    path: line("a path").optional().describe("Path of a Chromium or Chrome; without it Daybreak finds or unpacks one."),
    sandbox: choice(["auto", "on", "off"])
      .prefault("auto")
      .describe("The browser's sandbox: auto uses it wherever this machine lets it."),
  }).prefault({});

/** `limits`: every duration and number that bounds the work. */
export const limits = () =>
  section({
    browsers: whole(1, 64).optional().describe("Browsers that draw at a time. Default: one for each core."),
    senders: whole(1, 256).prefault(4).describe("Emails that are handed over at a time."),
    openTimeoutMs: milliseconds().prefault(30_000).describe("Longest time until a view's page has opened."),
    signInTimeoutMs: milliseconds().prefault(30_000).describe("Longest time for a sign-in to a report server."),
    settleTimeoutMs: milliseconds().prefault(60_000).describe("Longest time until a view is drawn, once it is open."),
    captureTimeoutMs: milliseconds().prefault(30_000).describe("Longest time for taking one picture or PDF."),
    exportTimeoutMs: milliseconds().prefault(60_000).describe("Longest time for getting a view's rows as CSV."),
    renderAttempts: whole(1, 20).prefault(3).describe("Tries of a drawing before it is given up."),
    recycleAfterRenders: whole(1, 100_000).prefault(200).describe("Drawings after which a browser is started anew."),
    recycleAboveMb: whole(100, 100_000).prefault(1_500).describe("Megabytes of memory above which it is started anew."),
    probeTimeoutMs: milliseconds().prefault(30_000).describe("Longest time for one question of a readiness rule."),
    sendLimitMs: milliseconds().prefault(60_000).describe("Longest time for handing over one email."),
    sendAttempts: whole(1, 50).prefault(8).describe("Tries of a sending before it is given up."),
    sweepEveryMs: milliseconds().prefault(15_000).describe("How often every row is looked at for work that is due."),
    leaseMs: milliseconds().prefault(20_000).describe("How long a worker of which nothing is heard keeps its work."),
    takeovers: whole(1, 1_000)
      .prefault(3)
      .describe("Workers that may end over one piece of work before it is given up."),
    writeTimeoutMs: milliseconds().prefault(120_000).describe("Longest time for proving and writing one email."),
    emailsPerMinute: whole(1, 1_000_000)
      .optional()
      .describe("Most emails a minute of all processes together. Default: as many as go."),
    stopTimeoutMs: milliseconds().prefault(20_000).describe("Longest time for finishing sends when the program stops."),
  }).prefault({});
