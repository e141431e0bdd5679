import { z } from "zod";
import { alerts } from "#config/schema/alerts.ts";
import { backups, buckets, drawnFiles } from "#config/schema/backup.ts";
import { http } from "#config/schema/http.ts";
import { keep } from "#config/schema/keep.ts";
import { browser, calendars, limits, mail, sources } from "#config/schema/place.ts";
import { reports } from "#config/schema/report.ts";
import { oneServer, servers } from "#config/schema/server.ts";
import { line, locale, section, text, zone } from "#config/schema/values.ts";

/** The language of the configuration file; every key has its line of help. What is missing is said by `resolve/`. */
export const schema = section({
  server: oneServer().describe("The report server: its address, or a section. Short for servers.main."),
  servers: servers().describe("Report servers by name, when there are several."),
  sources: sources().describe("Databases that facts, readiness rules and lists of people ask."),
  mail: mail().describe("How emails leave. Without it they are files in <home>/outbox."),
  database: text("a Postgres address")
    .optional()
    .describe(
      `Daybreak's own database: \${DATABASE_URL}. Default: DATABASE_URL, else a Postgres that it brings along.`,
    ),
  home: line("a folder").prefault("./.daybreak").describe("Folder beside this file for what Daybreak keeps."),
  templates: line("a folder")
    .optional()
    .describe("Folder of your own mail templates. Default: ./templates/mail beside this file, where it is."),
  zone: zone().optional().describe("Time zone of people whose row names none. Default: this machine's."),
  locale: locale().prefault("en").describe("Language of people who have none of their own."),
  calendars: calendars().describe("Free days, by the calendar's name."),
  alerts: alerts().describe("Who is told of trouble."),
  limits: limits().describe("What bounds the work; the defaults suit most machines."),
  browser: browser().describe("The browser that draws."),
  http: http().describe("Where a running Daybreak answers over HTTP: whether it lives and is ready."),
  artifacts: drawnFiles().describe("Where drawn pictures and files lie until they are sent."),
  keep: keep().describe("How long what Daybreak has is kept: a duration such as 90d, or forever."),
  backups: backups().describe("Archives that are made, proven and rotated, by the backup's name."),
  buckets: buckets().describe("How buckets on S3 are reached, by the name in s3://NAME/; Amazon's need no entry."),
  reports: reports().describe("What is sent, by the report's name."),
}).meta({ title: "Daybreak", description: "Configuration of Daybreak" });

/** The configuration as it is written, with defaults filled in. */
export type Written = z.output<typeof schema>;
export type WrittenServer = NonNullable<Written["servers"]>[string];
export type WrittenBackup = Written["backups"][string];
export type WrittenBucket = Written["buckets"][string];
export type WrittenReport = Written["reports"][string];

/** The published JSON Schema (draft 2020-12), for editors. */
export const jsonSchema = (): Readonly<Record<string, unknown>> => z.toJSONSchema(schema, { io: "input" });
