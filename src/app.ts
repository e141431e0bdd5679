import { fileURLToPath } from "node:url";
import { openArtifacts } from "#app/artifacts.ts";
import { backupPartsOf, withBackups } from "#app/backups.ts";
import { mailboxOf, withBounces } from "#app/bounces.ts";
import { type ExaminedDatabase, examineOwn, openDatabase } from "#app/database.ts";
import { type Installation, mayPublish, openInstallation } from "#app/installation.ts";
import { mailersOf } from "#app/mail.ts";
import { refuseUnshared, withPlaces } from "#app/place.ts";
import { publish } from "#app/reports.ts";
import { withTidying } from "#app/tidy.ts";
import { type Opened, partsOf, workSettings } from "#app/work.ts";
import type { Listing } from "#audience/import.ts";
import { listingOf } from "#audience/lists.ts";
import { type DraftFacts, keyOf, putDrafts } from "#audience/run.ts";
import type { BackupParts } from "#backup/step.ts";
import type { Bucket } from "#bucket/port.ts";
import { openTemplates, type Templates } from "#compose/templates.ts";
import type { Config } from "#config/config.ts";
import { type Role, startWork, type Work, type WorkParts } from "#daemon.ts";
import type { DeliveryDraft } from "#model/delivery.ts";
import type { RenderRequest } from "#model/render.ts";
import type { Report } from "#model/report.ts";
import { type BrowserState, examineBrowser } from "#render/examine.ts";
import { chromiumOnce, openPainter, type Painter } from "#render/painter.ts";
import { requestsOf } from "#render/plan.ts";
import type { ReportServer } from "#render/port.ts";
import { type Detected, detectKind } from "#render/servers/detect.ts";
import { openMissing, openServers } from "#render/servers/open.ts";
import { type Clock, sharedClock } from "#runtime/clock.ts";
import { type Log, type LogSettings, openLog } from "#runtime/log.ts";
import { haltAt, type PassPoint, passAll } from "#runtime/point.ts";
import { type HolidayMemory, holidaysOf, rememberHolidays } from "#schedule/calendar.ts";
import { readSchedule } from "#schedule/cron.ts";
import type { Mailbox } from "#send/mailbox/port.ts";
import type { Mailer } from "#send/port.ts";
import type { Source } from "#sources/port.ts";
import { postgresSource } from "#sources/postgres.ts";
import type { Pool, Session } from "#store/pool.ts";
import type { KnownReport } from "#store/reports.ts";
import { agreeOnTime } from "#store/time.ts";

/** What an app is opened with, beside its configuration. */
export interface AppOptions {
  readonly log: Log;
  readonly clock?: Clock;
  /** Told what takes a while: the first start of the database, the unpacking of the browser. */
  readonly onProgress?: (words: string) => void;
  /** `rows`: only rows are looked at or changed. `reports`: the configuration is made known. `servers`, the default: report servers are asked what they are, too. */
  readonly reach?: "rows" | "reports" | "servers";
  /** A daemon's: a report server that is away at the start is asked again at each tick, and stops nobody but its own reports. */
  readonly isPatient?: boolean;
  /** A daemon's: it is refused beside another machine that can't see this one's artifacts. */
  readonly roles?: readonly Role[];
  /** Whether this configuration's reports are made known; `false` for a worker, which reads them from the database. Default: true. */
  readonly isPublisher?: boolean;
}

/** What needs no database: `check` and `doctor` work with it, and an app is built on it. */
export interface Tools extends AsyncDisposable {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  readonly onProgress: (words: string) => void;
  readonly artifacts: Bucket;
  readonly sources: ReadonlyMap<string, Source>;
  readonly mailer: Mailer;
  readonly outbox: Mailer;
  /** What comes back as undeliverable; `null`: nobody reads it. */
  readonly mailbox: Mailbox | null;
  readonly templates: Templates;
  /** Called between two effects; halts there when a test asked for it. */
  readonly passPoint: PassPoint;
  readonly holidays: HolidayMemory;
  /** The rows of a report's list as it stands now; `null` when its people are kept in our own tables. */
  listing(report: Report): Promise<Listing | null>;
  requests(draft: DeliveryDraft, known: Pick<KnownReport, "report" | "version">): readonly RenderRequest[];
  /** Starts the database where it is ours, and looks at it without changing its schema. */
  examineDatabase(): Promise<ExaminedDatabase | null>;
  /** Finds and starts the browser, and draws letters of many scripts. */
  examineBrowser(): Promise<BrowserState>;
  /** What answers at a server's address; throws `server.unreachable`. */
  examineServer(url: string): Promise<Detected>;
  /** A browser that draws from these servers. */
  openPainter(servers: ReadonlyMap<string, ReportServer>): Painter;
}

/** A Daybreak that is open: what commands and pages act on. Closing it stops its loops and gives everything back, in reverse order. */
export interface App extends Tools {
  readonly pool: Pool;
  /** Its address, password included; for the dump of our own database. */
  readonly databaseUrl: string;
  /** Whether the database is ours: a copy of it mails nobody. */
  readonly installation: Installation;
  readonly servers: ReadonlyMap<string, ReportServer>;
  readonly parts: WorkParts;
  readonly backups: BackupParts;
  /** Starts the loops: the daemon's, or those of one occasion for a command that waits for it. */
  work(options: { readonly roles: readonly Role[]; readonly occasion: string | null }): Work;
  /** Records what an operator asked for. */
  putDrafts(
    db: Session,
    drafts: readonly DeliveryDraft[],
    facts: Omit<DraftFacts, "parts">,
  ): Promise<readonly string[]>;
}

export type { Work } from "#daemon.ts";

/** A log to the standard error for whoever opens an app. */
export const logAt = (level: LogSettings["level"]): Log => openLog({ level, file: null, maskAddresses: true });

/** The folder of mail templates that come with Daybreak. */
const templates = fileURLToPath(new URL("../templates/mail", import.meta.url));

/** What a configuration's loading needs to know of schedules and calendars. */
export const configChecks = {
  checkSchedule: readSchedule,
  checkCalendar: (calendar: Config["calendars"][string]) => holidaysOf(calendar, { from: 2026, to: 2026 }),
};

/** Opens everything that needs no database. Nothing is asked over the network before it is used. */
export const openTools = (config: Config, options: AppOptions): Tools => {
  const { log, clock = sharedClock(), onProgress = () => {} } = options;
  const stack = new AsyncDisposableStack();
  const sources = new Map(config.sources.map((source) => [source.name, postgresSource(source)]));
  for (const source of sources.values()) stack.defer(() => source.close());
  const { outbox, mailer } = mailersOf(config, clock);
  stack.defer(() => mailer.close());
  const { home, browser, limits, dir } = config;
  const find = chromiumOnce({ home, browser, log, onProgress });
  return {
    ...{ config, clock, log, onProgress, sources, mailer, outbox },
    mailbox: mailboxOf(config),
    artifacts: openArtifacts(config.artifacts, stack),
    templates: openTemplates(...(config.templates === null ? [] : [config.templates]), templates),
    passPoint: config.haltAt === null ? passAll : haltAt(config.haltAt, (name) => log.error("point.halted", { name })),
    holidays: rememberHolidays(config.calendars),
    listing: (report) => listingOf(report.audience, { sources, dir }),
    requests: (draft, { report, version }) => requestsOf(draft, { report, version, hash: keyOf }),
    examineDatabase: () => examineOwn(config, { log, onProgress }),
    examineBrowser: async () => examineBrowser(await find(), { ...trialLimits, callMs: limits.captureTimeoutMs }),
    examineServer: (url) => detectKind(url, fetch),
    openPainter: (servers) => openPainter({ home, browser, limits, servers, log, onProgress }, find),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
};

/** Opens everything that the configuration names. Nothing is drawn or sent before `work` is called. */
export const openApp = async (config: Config, options: AppOptions): Promise<App> => {
  await using stack = new AsyncDisposableStack();
  const tools = stack.use(openTools(config, options));
  const { pool, url: databaseUrl } = await openDatabase(tools, stack);
  await agreeOnTime(pool, tools.clock);
  const { reach = "servers", isPatient = false, isPublisher = true } = options;
  const servers = new Map(reach === "servers" && !isPatient ? await openServersOf(config) : []);
  const installation = await openInstallation({ config, pool, clock: tools.clock });
  if (options.roles !== undefined) await refuseUnshared({ config, pool }, options.roles);
  const open: Opened = { ...tools, pool, databaseUrl, servers, installation };
  if (reach !== "rows" && isPublisher && mayPublish(installation, isPatient)) await publish(open);
  const arrive = async (): Promise<void> => {
    if (isPatient) await openMissing(config.servers, servers, tools.log);
  };
  await arrive();
  const parts = partsOf(open, arrive);
  const backups = backupPartsOf(open, parts.alerts, stack);
  const running = new Set<Work>();
  const work: App["work"] = ({ roles, occasion }) => {
    const settings = { ...workSettings(config), roles, occasion };
    const reading = withBounces(startWork(parts, settings), { open, alerts: parts.alerts, settings });
    const placed = withPlaces(reading, { open, alerts: parts.alerts, settings });
    const tidying = withTidying(placed, { open, alerts: parts.alerts, settings });
    const started = withBackups(tidying, { open, parts: backups, settings });
    running.add(started);
    return { ...started, stop: () => started.stop().finally(() => running.delete(started)) };
  };
  stack.defer(async () => void (await Promise.all([...running].map((one) => one.stop()))));
  const owned = stack.move();
  return {
    ...open,
    parts,
    backups,
    work,
    putDrafts: (db, drafts, facts) => putDrafts(db, drafts, { ...facts, parts }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
};

/** The report servers of a configuration, by name. Throws `server.unreachable` for one that must be asked what it is and is away. */
export const openServersOf = (config: Config): Promise<ReadonlyMap<string, ReportServer>> =>
  openServers(config.servers);

/** A browser that is only tried. */
const trialLimits = { launchMs: 20_000, closeMs: 5_000, renders: 1, megabytes: 4_000 };
