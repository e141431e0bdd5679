/** The composition root: configuration → clock, log, pool, servers, mailers, bucket, loops. The only file that knows every concrete part. */
import { createHash, randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { logChannel } from "#alert/log.ts";
import { readLists } from "#audience/lists.ts";
import { schedulesOf } from "#audience/plan.ts";
import { keyOf } from "#audience/run.ts";
import { folderBucket } from "#bucket/folder.ts";
import type { Bucket } from "#bucket/port.ts";
import { openTemplates } from "#compose/templates.ts";
import type { Config } from "#config/config.ts";
import { type Role, startWork, type Work, type WorkParts } from "#daemon.ts";
import type { Delivery, DeliveryDraft } from "#model/delivery.ts";
import { Fault } from "#model/fault.ts";
import type { Report } from "#model/report.ts";
import type { Holidays } from "#model/schedule.ts";
import type { Temporal } from "#model/time.ts";
import { requestsOf } from "#render/plan.ts";
import type { ReportServer, ServerKind } from "#render/port.ts";
import { openPainter } from "#render/run.ts";
import { detectKind } from "#render/servers/detect.ts";
import { serverOf } from "#render/servers/kinds.ts";
import { type Clock, systemClock } from "#runtime/clock.ts";
import type { Log } from "#runtime/log.ts";
import { holidaysOf } from "#schedule/calendar.ts";
import { tick } from "#schedule/run.ts";
import { folderMailer } from "#send/mailers/folder.ts";
import { smtpMailer } from "#send/mailers/smtp.ts";
import type { Mailer } from "#send/port.ts";
import type { Source } from "#sources/port.ts";
import { postgresSource } from "#sources/postgres.ts";
import { startEmbedded } from "#store/embedded.ts";
import { migrate } from "#store/migrate.ts";
import { peopleOf } from "#store/people.ts";
import { openPool, type Pool, transaction } from "#store/pool.ts";
import { allReports, type KnownReport, modeOfReport, putReport, reportVersion, retireOthers } from "#store/reports.ts";

/** What an app is opened with, beside its configuration. */
export interface AppOptions {
  readonly log: Log;
  readonly clock?: Clock;
  /** Told what takes a while: the first start of the database, the unpacking of the browser. */
  readonly onProgress?: (words: string) => void;
}

/** A Daybreak that is open: what commands and pages act on. Closing it stops its loops and gives everything back, in reverse order. */
export interface App extends AsyncDisposable {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  readonly pool: Pool;
  readonly artifacts: Bucket;
  readonly servers: ReadonlyMap<string, ReportServer>;
  readonly sources: ReadonlyMap<string, Source>;
  readonly mailer: Mailer;
  readonly outbox: Mailer;
  readonly parts: WorkParts;
  /** Starts the loops: the daemon's, or those of one occasion for a command that waits for it. */
  work(options: { readonly roles: readonly Role[]; readonly occasion: string | null }): Work;
}

/** The folder of mail templates that come with Daybreak. */
const templates = fileURLToPath(new URL("../templates/mail", import.meta.url));

/** Opens everything that the configuration names. Nothing is drawn or sent before `work` is called. */
export const openApp = async (config: Config, options: AppOptions): Promise<App> => {
  const { log, clock = systemClock, onProgress = () => {} } = options;
  await using stack = new AsyncDisposableStack();
  const pool = stack.use(await openDatabase(config, { log, onProgress, stack }));
  const sources = new Map(config.sources.map((source) => [source.name, postgresSource(source)]));
  for (const source of sources.values()) stack.defer(() => source.close());
  const outbox = folderMailer({ dir: outboxOf(config) });
  const mailer = config.mail.via.kind === "smtp" ? smtpMailer(smtpSettings(config, config.mail.via)) : outbox;
  stack.defer(() => mailer.close());
  const servers = new Map((await openServers(config)).map((server) => [server.settings.name, server]));
  const artifacts = folderBucket({ dir: join(config.home, "artifacts") });
  const open: Opened = { config, clock, log, pool, sources, servers, artifacts, mailer, outbox, onProgress };
  await publish(open);
  const parts = partsOf(open);
  const running = new Set<Work>();
  const work: App["work"] = ({ roles, occasion }) => {
    const started = startWork(parts, { ...workSettings(config), roles, occasion });
    running.add(started);
    return { ...started, stop: () => started.stop().finally(() => running.delete(started)) };
  };
  stack.defer(async () => void (await Promise.all([...running].map((one) => one.stop()))));
  const owned = stack.move();
  return { ...open, parts, work, [Symbol.asyncDispose]: () => owned.disposeAsync() };
};

type Opened = Omit<App, "parts" | "work" | typeof Symbol.asyncDispose> & {
  readonly onProgress: (words: string) => void;
};

/** The folder where mail of reports in trial lies, and all mail where no mail server is configured. */
export const outboxOf = (config: Config): string =>
  config.mail.via.kind === "folder" ? config.mail.via.dir : join(config.home, "outbox");

/** Opens the configured database or the embedded one, and brings its schema up to this program. */
const openDatabase = async (
  config: Config,
  {
    log,
    onProgress,
    stack,
  }: { readonly log: Log; readonly onProgress: (words: string) => void; readonly stack: AsyncDisposableStack },
): Promise<Pool> => {
  const url =
    config.database ?? stack.use(await startEmbedded({ dir: join(config.home, "postgres"), log, onProgress })).url;
  const pool = openPool(url, { max: 12, statementTimeoutMs: 30_000, applicationName: "daybreak" });
  await migrate(pool);
  return pool;
};

const smtpSettings = (config: Config, via: Extract<Config["mail"]["via"], { kind: "smtp" }>) => ({
  url: via.url,
  user: via.user,
  password: via.password,
  connections: config.limits.senders,
  limitMs: config.limits.sendLimitMs,
});

const openServers = (config: Config): Promise<readonly ReportServer[]> =>
  Promise.all(
    config.servers.map(async ({ concurrency: _, ...settings }) => {
      const kind = settings.kind ?? (await kindOf(settings));
      return serverOf({ ...settings, kind });
    }),
  );

/** A server that is away at the start is taken for a plain web page only if the configuration says so: a guess could draw the wrong thing. */
const kindOf = async ({ name, url }: { readonly name: string; readonly url: string }): Promise<ServerKind> => {
  try {
    return (await detectKind(url, fetch)).kind;
  } catch (cause) {
    const hint = `start it, or name its kind: servers.${name}.kind`;
    throw new Fault("server.unreachable", `The report server “${name}” doesn't answer at ${url}.`, {
      hint,
      retry: "later",
      cause,
    });
  }
};

/** Makes the configuration's reports known to the database, so that workers read the same version everywhere. */
const publish = ({ config, pool, clock }: Opened): Promise<void> =>
  transaction(pool, async (db) => {
    const now = clock.now();
    for (const report of config.reports) await putReport(db, { report, version: versionOf(report), now });
    await retireOthers(
      db,
      config.reports.map((report) => report.name),
    );
  });

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
});

const partsOf = (open: Opened): WorkParts => {
  const { config, clock, log, pool, artifacts } = open;
  const channels = channelsOf(open);
  const reports = reportMemory(pool);
  const holidays = holidayMemory(config);
  const requests = (draft: DeliveryDraft, known: KnownReport) =>
    requestsOf(draft, { report: known.report, version: known.version, hash: keyOf });
  const mailerFor = (delivery: Pick<Delivery, "trial">): Mailer => (delivery.trial ? open.outbox : open.mailer);
  const lists = { pool, clock, sources: open.sources, dir: config.dir };
  return {
    pool,
    clock,
    log,
    artifacts,
    channels,
    requests,
    mailerFor,
    sources: open.sources,
    servers: open.servers,
    limits: config.limits,
    sendAttempts: config.limits.sendAttempts,
    reportOf: reports,
    holidaysOn: holidays.on,
    readiness: { pool, clock, sources: open.sources, limitMs: config.limits.probeTimeoutMs },
    readLists: (report) => readLists(report, lists),
    templates: openTemplates(templates),
    mail: config.mail,
    tick: () => tickAll(open, holidays.of),
    tellOwner: tellOwner(open),
    openPainter: () =>
      openPainter({
        home: config.home,
        browser: config.browser,
        limits: config.limits,
        servers: open.servers,
        log,
        onProgress: open.onProgress,
      }),
  };
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

/** A report as it was when a slot or delivery was made, with its mode of today. Versions never change, so they are kept in memory. */
const reportMemory = (pool: Pool) => {
  const versions = new Map<string, Report>();
  return async ({
    report: name,
    version,
  }: {
    readonly report: string;
    readonly version: string;
  }): Promise<KnownReport> => {
    const report = versions.get(version) ?? (await reportVersion(pool, version));
    if (report === null) {
      throw new Fault("store.not-found", `Version ${version} of report “${name}” is not in the database.`, {
        hint: "restore the database, or discard what refers to it",
      });
    }
    versions.set(version, report);
    return { report, version, mode: await modeOfReport(pool, name) };
  };
};

interface HolidayMemory {
  readonly of: (calendar: string | null, now: Temporal.Instant) => Promise<Holidays>;
  readonly on: (date: string) => Promise<Readonly<Record<string, string>>>;
}

/** The free days of the configuration's calendars, reckoned once for each span of years. */
const holidayMemory = ({ calendars }: Config): HolidayMemory => {
  const known = new Map<string, Promise<Holidays>>();
  const around = (name: string, year: number): Promise<Holidays> => {
    const calendar = calendars[name];
    if (calendar === undefined) return Promise.resolve(new Map());
    const key = `${name} ${year}`;
    const holidays = known.get(key) ?? holidaysOf(calendar, { from: year - 1, to: year + 1 });
    known.set(key, holidays);
    return holidays;
  };
  const of: HolidayMemory["of"] = async (calendar, now) =>
    calendar === null ? new Map() : around(calendar, now.toZonedDateTimeISO("UTC").year);
  const on: HolidayMemory["on"] = async (date) => {
    const found: Record<string, string> = {};
    for (const name of Object.keys(calendars)) {
      const holiday = (await around(name, Number(date.slice(0, 4)))).get(date);
      if (holiday !== undefined) found[name] = holiday;
    }
    return found;
  };
  return { of, on };
};
