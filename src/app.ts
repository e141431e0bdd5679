/** The composition root: configuration → clock, log, pool, servers, mailers, bucket, loops. The only file that knows every concrete part. */
import { createHash, randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { emailChannel, type PostPlain } from "#alert/email.ts";
import { logChannel } from "#alert/log.ts";
import { freshLists } from "#audience/fresh.ts";
import type { Listing } from "#audience/import.ts";
import { listingOf, readLists } from "#audience/lists.ts";
import { isChosenSkip, schedulesOf } from "#audience/plan.ts";
import { type DraftFacts, keyOf, putDrafts } from "#audience/run.ts";
import { folderBucket } from "#bucket/folder.ts";
import type { Bucket } from "#bucket/port.ts";
import { openPictures } from "#compose/pictures.ts";
import { plainEmail, tellOwner } from "#compose/summarize.ts";
import { openTemplates, type Templates } from "#compose/templates.ts";
import type { Config } from "#config/config.ts";
import { type Role, startWork, type Work, type WorkParts } from "#daemon.ts";
import type { Delivery, DeliveryDraft } from "#model/delivery.ts";
import type { RenderRequest } from "#model/render.ts";
import type { Report } from "#model/report.ts";
import { type BrowserState, examineBrowser } from "#render/examine.ts";
import { chromiumOnce, openPainter, type Painter } from "#render/painter.ts";
import { requestsOf } from "#render/plan.ts";
import type { ReportServer } from "#render/port.ts";
import { type Detected, detectKind } from "#render/servers/detect.ts";
import { linksInto, openMissing, openServers } from "#render/servers/open.ts";
import { type Clock, systemClock } from "#runtime/clock.ts";
import { type Log, type LogSettings, openLog } from "#runtime/log.ts";
import { type HolidayMemory, holidaysOf, rememberHolidays } from "#schedule/calendar.ts";
import { readSchedule } from "#schedule/cron.ts";
import { tick } from "#schedule/run.ts";
import { folderMailer } from "#send/mailers/folder.ts";
import { smtpMailer } from "#send/mailers/smtp.ts";
import type { Mailer } from "#send/port.ts";
import type { Source } from "#sources/port.ts";
import { postgresSource } from "#sources/postgres.ts";
import { startEmbedded } from "#store/embedded.ts";
import { type DatabaseState, examineDatabase } from "#store/examine.ts";
import { type Migrated, migrate } from "#store/migrate.ts";
import { peopleOf } from "#store/people.ts";
import { openPool, type Pool, type Session, transaction } from "#store/pool.ts";
import { allReports, type KnownReport, publishReports, rememberReports } from "#store/reports.ts";

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
  readonly templates: Templates;
  readonly holidays: HolidayMemory;
  /** The rows of a report's list as it stands now; `null` when its people are kept in our own tables. */
  listing(report: Report): Promise<Listing | null>;
  requests(draft: DeliveryDraft, known: Pick<KnownReport, "report" | "version">): readonly RenderRequest[];
  /** Starts the database where it is ours, and looks at it without changing its schema. */
  examineDatabase(): Promise<DatabaseState | null>;
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
  readonly servers: ReadonlyMap<string, ReportServer>;
  readonly parts: WorkParts;
  /** Starts the loops: the daemon's, or those of one occasion for a command that waits for it. */
  work(options: { readonly roles: readonly Role[]; readonly occasion: string | null }): Work;
  /** Records what an operator asked for. */
  putDrafts(
    db: Session,
    drafts: readonly DeliveryDraft[],
    facts: Omit<DraftFacts, "parts">,
  ): Promise<readonly string[]>;
}

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
  const { log, clock = systemClock, onProgress = () => {} } = options;
  const stack = new AsyncDisposableStack();
  const sources = new Map(config.sources.map((source) => [source.name, postgresSource(source)]));
  for (const source of sources.values()) stack.defer(() => source.close());
  const outbox = folderMailer({ dir: outboxOf(config) });
  const mailer = config.mail.via.kind === "smtp" ? smtpMailer(smtpSettings(config, config.mail.via)) : outbox;
  stack.defer(() => mailer.close());
  const { home, browser, limits, dir } = config;
  const find = chromiumOnce({ home, browser, log, onProgress });
  return {
    ...{ config, clock, log, onProgress, sources, mailer, outbox },
    artifacts: folderBucket({ dir: join(home, "artifacts") }),
    templates: openTemplates(templates),
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
  const { pool } = await openDatabase(tools, stack);
  const { reach = "servers", isPatient = false } = options;
  const servers = new Map(reach === "servers" && !isPatient ? await openServersOf(config) : []);
  const open: Opened = { ...tools, pool, servers };
  if (reach !== "rows") await publish(open);
  const arrive = async (): Promise<void> => {
    if (isPatient) await openMissing(config.servers, servers, tools.log);
  };
  await arrive();
  const parts = partsOf(open, arrive);
  const running = new Set<Work>();
  const work: App["work"] = ({ roles, occasion }) => {
    const started = startWork(parts, { ...workSettings(config), roles, occasion });
    running.add(started);
    return { ...started, stop: () => started.stop().finally(() => running.delete(started)) };
  };
  stack.defer(async () => void (await Promise.all([...running].map((one) => one.stop()))));
  const owned = stack.move();
  return {
    ...open,
    parts,
    work,
    putDrafts: (db, drafts, facts) => putDrafts(db, drafts, { ...facts, parts }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
};

/** The report servers of a configuration, by name. Throws `server.unreachable` for one that must be asked what it is and is away. */
export const openServersOf = (config: Config): Promise<ReadonlyMap<string, ReportServer>> =>
  openServers(config.servers);

type Opened = Omit<App, "parts" | "work" | "putDrafts">;

/** The folder where mail of reports in trial lies, and all mail where no mail server is configured. */
export const outboxOf = (config: Config): string =>
  config.mail.via.kind === "folder" ? config.mail.via.dir : join(config.home, "outbox");

/** Opens the configured database or the embedded one, and brings its schema up to this program. What it opens is closed by `stack`. */
export const openDatabase = async (
  { config, log, onProgress }: Pick<Tools, "config" | "log" | "onProgress">,
  stack: AsyncDisposableStack,
): Promise<{ readonly pool: Pool; readonly migrated: Migrated }> => {
  const pool = stack.use(await poolOf({ config, log, onProgress }, stack));
  return { pool, migrated: await migrate(pool) };
};

const poolOf = async (
  { config, log, onProgress }: Pick<Tools, "config" | "log" | "onProgress">,
  stack: AsyncDisposableStack,
): Promise<Pool> => {
  const dir = join(config.home, "postgres");
  const url = config.database ?? stack.use(await startEmbedded({ dir, log, onProgress })).url;
  return openPool(url, { max: 12, statementTimeoutMs: 30_000, applicationName: "daybreak" });
};

const examineOwn = async (config: Config, told: Pick<Tools, "log" | "onProgress">): Promise<DatabaseState | null> => {
  await using stack = new AsyncDisposableStack();
  return await examineDatabase(stack.use(await poolOf({ config, ...told }, stack)));
};

/** A browser that is only tried. */
const trialLimits = { launchMs: 20_000, closeMs: 5_000, renders: 1, megabytes: 4_000 };

const smtpSettings = (config: Config, via: Extract<Config["mail"]["via"], { kind: "smtp" }>) => ({
  url: via.url,
  user: via.user,
  password: via.password,
  oauth2: via.oauth2,
  connections: config.limits.senders,
  limitMs: config.limits.sendLimitMs,
});

/** Makes the configuration's reports known to the database, so that workers read the same version everywhere. */
const publish = ({ config, pool, clock }: Opened): Promise<void> => {
  const versions = config.reports.map((report) => ({ report, version: versionOf(report) }));
  return transaction(pool, (db) => publishReports(db, versions, clock.now()));
};

/** A report version's name: the hash of its definition. */
export const versionOf = (report: Report): string =>
  createHash("sha256").update(JSON.stringify(report)).digest("hex").slice(0, 16);

const workSettings = ({ limits }: Config) => ({
  owner: `${hostname()}:${process.pid}:${randomUUID().slice(0, 8)}`,
  sweepEveryMs: limits.sweepEveryMs,
  leaseMs: limits.leaseMs,
  sendLimitMs: limits.sendLimitMs,
  renderAttempts: limits.renderAttempts,
  painters: limits.browsers,
  senders: limits.senders,
  stopTimeoutMs: limits.stopTimeoutMs,
});

const partsOf = (open: Opened, arrive: () => Promise<void>): WorkParts => {
  const { config, clock, log, pool, artifacts, sources, servers, holidays } = open;
  const { limits, mail, dir } = config;
  const reportOf = rememberReports(pool);
  const readListsOf = (report: Report) => readLists(report, { pool, clock, sources, dir });
  return {
    ...{ pool, clock, log, artifacts, sources, mail },
    // Asked each time, since a server that was away may have come.
    concurrency: () =>
      Object.fromEntries(
        config.servers.filter(({ name }) => servers.has(name)).map((one) => [one.name, one.concurrency]),
      ),
    channels: [logChannel(log), emailChannel(config.alerts.email, alertPoster(open))],
    requests: open.requests,
    mailerFor: (delivery: Pick<Delivery, "trial">): Mailer => (delivery.trial ? open.outbox : open.mailer),
    sendAttempts: limits.sendAttempts,
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
    linkTo: linksInto(servers, mail.linkBase),
    tick: async () => {
      await arrive();
      return tickAll(open, holidays.of);
    },
    tellOwner: async (slot, signal) =>
      tellOwner(slot, await reportOf(slot), {
        isChosenSkip,
        ...{ pool, clock, mail, templates: open.templates, operators: config.alerts.email },
        // A lock is held meanwhile, and the database ends whoever holds one for a minute without a word.
        post: async (message, isTrial) => {
          const bound = AbortSignal.any([signal, AbortSignal.timeout(30_000)]);
          await (isTrial ? open.outbox : open.mailer).send(message, bound);
        },
      }),
    openPainter: () => open.openPainter(servers),
  };
};

const alertPoster =
  ({ config, clock, mailer }: Opened): PostPlain =>
  async (to, subject, text) => {
    const letter = { id: `alert-${randomUUID()}`, from: config.mail.from, to, subject, text };
    await mailer.send(await plainEmail(letter, clock.now()), AbortSignal.timeout(config.limits.sendLimitMs));
  };

/** Ticks every report of the configuration; one whose people or calendar can't be read stops only itself. */
const tickAll = async ({ pool, clock, log }: Opened, holidays: HolidayMemory["of"]): Promise<number> => {
  let made = 0;
  for (const known of await allReports(pool)) {
    try {
      const people = await peopleOf(
        pool,
        [known.report, ...known.report.bundled].map((report) => report.name),
      );
      made += await tick({ ...known, wanted: schedulesOf(known.report, people) }, { pool, clock, log, holidays });
    } catch (error) {
      log.error("tick.fault", { report: known.report.name, error });
    }
  }
  return made;
};
