import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { vi } from "vitest";
import { changeMode } from "#actions/live.ts";
import { type App, configChecks, openApp } from "#app.ts";
import { schedulesOf } from "#audience/plan.ts";
import type { Config } from "#config/config.ts";
import { loadConfig } from "#config/load.ts";
import type { Role, Work } from "#daemon.ts";
import type { Delivery } from "#model/delivery.ts";
import { later, Temporal } from "#model/time.ts";
import { listDeliveries } from "#store/deliveries.ts";
import { peopleOf } from "#store/people.ts";
import type { Pool } from "#store/pool.ts";
import { allReports } from "#store/reports.ts";
import { putSlot, recentSlots, type SlotCounts } from "#store/slots.ts";
import { type SampleServer, type SampleServerOptions, startSampleServer } from "../../demo/server/server.ts";
import { testCacheDir } from "./browsers.ts";
import { type RunningClock, runningClock } from "./clock.ts";
import { freshDatabase } from "./database.ts";
import { type KeptLog, keptLog } from "./kept-log.ts";
import { type Email, emailsIn } from "./outbox.ts";

/** What a morning's configuration says beside what every morning's does. */
export interface MorningOptions {
  /** `people.csv` beside the configuration. */
  readonly people?: string;
  /** Keys of the one report, `daily-sales`, that differ. */
  readonly report?: Readonly<Record<string, unknown>>;
  /** Further reports by name; each has the keys of `daily-sales` that it doesn't name. */
  readonly reports?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly limits?: Readonly<Record<string, number>>;
  /** Further keys of the configuration: `mail`, `sources`, `calendars`. The address of the database is `${STORY_DATABASE}`. */
  readonly config?: Readonly<Record<string, unknown>>;
  readonly sample?: SampleServerOptions;
  /** In a database that the app brings along, in place of one that is shared with other tests. */
  readonly embedded?: boolean;
  /** Reports go to their audience; `false`: they stay in trial. */
  readonly live?: boolean;
  /** The time that stands in the emails. */
  readonly nominal?: string;
}

/** Where a morning lives: its folder, database and report server, with the configuration that names them. */
export interface Place extends AsyncDisposable {
  readonly sample: SampleServer;
  readonly pool: Pool;
  readonly database: string;
  readonly dir: string;
  readonly outbox: string;
  readonly file: string;
  /** The environment that the configuration is loaded in; a child process takes it, too. */
  readonly env: Readonly<Record<string, string>>;
  config(): Promise<Config>;
  writePeople(csv: string): Promise<void>;
  emails(): Promise<readonly Email[]>;
}

/** A morning over real parts: an app that is open and works when it is told to. */
export interface Morning extends Place {
  readonly app: App;
  readonly clock: RunningClock;
  readonly log: KeptLog;
  /** Makes every report due now, for each of the schedules and zones of its people. */
  makeDue(nominal?: string): Promise<void>;
  begin(roles?: readonly Role[]): Work;
  /** Waits until no slot is open and nothing is under way. */
  closed(): Promise<void>;
  /** The whole morning: due, at work, closed. */
  live(): Promise<readonly Delivery[]>;
  /** All deliveries, by recipient's name and label. */
  deliveries(): Promise<readonly Delivery[]>;
}

/** The day that mornings are lived through on, unless a story says otherwise: a Friday without anything special. */
export const usualDay = "2026-11-20";
const usualNominal = `${usualDay}T06:00:00Z`;

// A story takes seconds by itself; on a machine with much else to do it takes its time.
vi.setConfig({ testTimeout: process.env["DAYBREAK_LONG"] === "1" ? 3_600_000 : 240_000, hookTimeout: 240_000 });

/** A schedule that doesn't come due by itself while tests run. */
const leapDays = { cron: "0 5 29 2 *" };

const usualReport = {
  title: "Daily Sales",
  view: "Daily Sales Report/Yesterday Sales Summary",
  width: 700,
  scale: 0.5,
  at: leapDays,
  to: "people.csv",
  filter: { Region: "region" },
  formats: ["png", "csv"],
};

const usualLimits = {
  browsers: 2,
  sweepEveryMs: 250,
  settleTimeoutMs: 20_000,
  renderAttempts: 2,
  leaseMs: 20_000,
  sendLimitMs: 5_000,
};

const configurationOf = (options: MorningOptions): string => {
  const { report = {}, reports = {}, limits = {}, config = {} } = options;
  const usual = { ...usualReport, ...report };
  const others = Object.entries(reports).map(([name, keys]) => [name, { ...usual, ...keys }]);
  const whole = {
    server: { url: "${SAMPLE_URL}", kind: "sample" },
    ...(options.embedded ? {} : { database: "${STORY_DATABASE}" }),
    home: "home",
    zone: "Europe/Berlin",
    locale: "en-GB",
    mail: { from: "BI Team <bi@example.com>", via: "folder:outbox" },
    limits: { ...usualLimits, ...limits },
    ...config,
    reports: { "daily-sales": usual, ...Object.fromEntries(others) },
  };
  return JSON.stringify(whole, null, 2);
};

/** Makes a place for a morning: fresh database, sample report server and configuration. The browser is unpacked once for all places. */
export const openPlace = async (options: MorningOptions = {}): Promise<Place> => {
  await using stack = new AsyncDisposableStack();
  const database = stack.use(await freshDatabase());
  const sample = stack.use(await startSampleServer({ today: usualDay, ...options.sample }));
  const dir = await mkdtemp(join(tmpdir(), "daybreak-morning-"));
  stack.defer(() => rm(dir, { recursive: true, force: true }));
  await mkdir(join(dir, "home"), { mode: 0o700 });
  await mkdir(testCacheDir, { recursive: true, mode: 0o700 });
  await symlink(testCacheDir, join(dir, "home", "cache"));
  const file = join(dir, "daybreak.yaml");
  const writePeople = (csv: string) => writeFile(join(dir, "people.csv"), csv);
  await writeFile(file, configurationOf(options));
  await writePeople(options.people ?? "email,name,region\n");
  const env = {
    SAMPLE_URL: sample.url,
    STORY_DATABASE: database.url,
    DAYBREAK_MAIN_USER: sample.user,
    DAYBREAK_MAIN_PASSWORD: sample.password,
  };
  const owned = stack.move();
  const outbox = join(dir, "outbox");
  return {
    ...{ sample, pool: database.pool, database: database.url, dir, outbox, file, env, writePeople },
    config: () => loadConfig({ file, env: { ...process.env, ...env }, cwd: dir, ...configChecks }),
    emails: () => emailsIn(outbox),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
};

/** Opens a whole morning; `live()` lives through it. */
export const openMorning = async (options: MorningOptions = {}): Promise<Morning> => {
  await using stack = new AsyncDisposableStack();
  const place = stack.use(await openPlace(options));
  const clock = runningClock();
  const log = keptLog();
  const app = stack.use(await openApp(await place.config(), { log, clock }));
  if (options.live !== false) {
    for (const { name } of app.config.reports) await changeMode({ report: name, mode: "live", by: "test" }, app);
  }
  const makeDue = (nominal = options.nominal ?? usualNominal) => makeAllDue(app, Temporal.Instant.from(nominal));
  const begin = (roles: readonly Role[] = allRoles) => app.work({ roles, occasion: null });
  const pool = options.embedded ? app.pool : place.pool;
  const closed = () => untilClosed(pool, log);
  const deliveries = () => allDeliveries(pool);
  const live = async () => {
    await makeDue();
    const work = begin();
    await closed().finally(() => work.stop());
    return deliveries();
  };
  const owned = stack.move();
  return {
    ...place,
    pool,
    app,
    clock,
    log,
    makeDue,
    begin,
    closed,
    live,
    deliveries,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
};

export const allRoles: readonly Role[] = ["tick", "render", "write", "send"];

/** Makes every report of an app due now: its lists are read, and there is a slot for each schedule and zone of its people. */
export const makeAllDue = async ({ pool, parts, clock }: App, nominal: Temporal.Instant): Promise<void> => {
  const due = clock.now();
  for (const { report, version } of await allReports(pool)) {
    await parts.readLists(report);
    for (const { schedule, zone } of schedulesOf(report, await peopleOf(pool, [report.name]))) {
      const expiresAt = later(due, report.expiresMs);
      await putSlot(pool, { report: report.name, version, schedule, zone, nominal, due, expiresAt, skipped: null });
    }
  }
};

export const allDeliveries = async (pool: Pool): Promise<readonly Delivery[]> => {
  const all = await listDeliveries(pool, { report: null, state: null, occasion: null, slotId: null, limit: 10_000 });
  const nameOf = ({ recipientName, label, report, id }: Delivery) =>
    JSON.stringify([recipientName, label, report, id.padStart(9)]);
  return all.toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
};

const isOver = ({ slot }: SlotCounts): boolean => slot.state === "closed" || slot.state === "skipped";

/** Waits until every slot is closed or skipped; what was still open is named when that takes too long. */
export const untilClosed = async (pool: Pool, log: KeptLog | null = null, withinMs = 90_000): Promise<void> => {
  const end = performance.now() + withinMs;
  for (;;) {
    const slots = await recentSlots(pool, 1_000).catch(() => []);
    if (slots.length > 0 && slots.every(isOver)) return;
    if (performance.now() > end) {
      const open = slots.filter((one) => !isOver(one)).map(({ slot, counts }) => ({ ...slot, counts }));
      throw new Error(`still open: ${JSON.stringify(open)}\n${log?.troubles().join("\n") ?? ""}`);
    }
    await new Promise((done) => setTimeout(done, 50));
  }
};

/** Waits until every delivery is in one state. */
export const untilAll = async (morning: Morning, state: Delivery["state"]): Promise<void> => {
  const end = performance.now() + 60_000;
  for (;;) {
    const deliveries = await morning.deliveries();
    if (deliveries.length > 0 && deliveries.every((one) => one.state === state)) return;
    if (performance.now() > end) throw new Error(`not all ${state}: ${JSON.stringify(deliveries)}`);
    await new Promise((done) => setTimeout(done, 50));
  }
};
