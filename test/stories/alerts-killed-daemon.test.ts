/** A daemon that is really killed: whoever waits for its pings notices by its deadline, and another process tells what was missed. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { later, Temporal } from "#model/time.ts";
import { allReports } from "#store/reports.ts";
import { putSlot } from "#store/slots.ts";
import { type Daemon, startDaemon } from "../support/daemon.ts";
import { type Morning, openMorning } from "../support/morning.ts";
import { type Received, type Receiver, startReceiver } from "../support/receiver.ts";

const isLong = process.env["DAYBREAK_LONG"] === "1";
const kills = isLong ? 10 : 1;
/** What Healthchecks calls the period and the grace, as a test has time for them. */
const beatEvery = "1s";
const deadlineMs = 8_000;
const patiently = { timeout: 60_000, interval: 50 };

/** A service that waits for a sign of life and goes off when none came by its deadline, as Healthchecks does. */
interface Guard {
  /** How often it went off. */
  readonly alarms: number;
  /** Begins to wait: from now on, or from the last sign. */
  watch(): void;
  ignore(): void;
  /** Waits until it has gone off. */
  gone(): Promise<void>;
}

const startGuard = (isSign: () => number): Guard & Disposable => {
  let alarms = 0;
  let from: number | null = null;
  let isDown = false;
  const look = (): void => {
    if (from === null) return;
    const isLate = Date.now() - Math.max(from, isSign()) > deadlineMs;
    if (isLate && !isDown) alarms += 1;
    isDown = isLate;
  };
  const timer = setInterval(look, 50);
  return {
    get alarms() {
      return alarms;
    },
    watch: () => {
      from = Date.now();
    },
    ignore: () => {
      [from, isDown] = [null, false];
    },
    gone: () => vi.waitFor(() => expect(isDown).toBe(true), { timeout: deadlineMs * 3, interval: 50 }),
    [Symbol.dispose]: () => clearInterval(timer),
  };
};

/** A schedule whose last time was half an hour ago, and whose next is tomorrow's. */
const halfAnHourAgo = (): string => {
  const { minute, hour } = Temporal.Now.zonedDateTimeISO("UTC").subtract({ minutes: 30 });
  return `${minute} ${hour} * * *`;
};

/** The same configuration for a process that gives no sign of life of its own. */
const witness = async (morning: Morning, url: string): Promise<Pick<Morning, "file" | "env">> => {
  const whole = JSON.parse(await readFile(morning.file, "utf8"));
  const file = join(morning.dir, "witness.yaml");
  await writeFile(file, JSON.stringify({ ...whole, alerts: { webhook: url } }));
  return { file, env: morning.env };
};

/** From now on a report has a time that nobody has seen to. */
const missATime = ({ pool }: Morning, name: string) =>
  pool.query("update schedules set known_since = known_since - interval '1 h' where report = $1", [name]);

/** A report's time comes while somebody is at work. */
const comeDue = async ({ app, pool, clock }: Morning, name: string): Promise<void> => {
  const known = (await allReports(pool)).find(({ report }) => report.name === name) ?? expect.fail(name);
  const { report, version } = known;
  await app.parts.readLists(report);
  const due = clock.now();
  const times = { nominal: due, due, expiresAt: later(due, report.expiresMs) };
  await putSlot(pool, { report: name, version, schedule: report.schedule.at, zone: "UTC", ...times, skipped: null });
};

const lastOf = ({ got }: Receiver, path: string): number => got.findLast((one) => one.path === path)?.at ?? 0;
/** The ping that tells of a report's morning. */
const pingOf =
  (name: string) =>
  ({ path, body }: Received): boolean =>
    path === "/ping" && body.includes(`${name}:`);
const countOf = ({ got }: Receiver, path: string): number => got.filter((one) => one.path === path).length;

test("a daemon that is killed is noticed by the silence of its pings, what it missed is told by another one, and a living one raises nothing", async () => {
  await using receiver = await startReceiver();
  const names = Array.from({ length: 2 * kills }, (_, n) => `morning-${n}`);
  const at = { cron: halfAnHourAgo() };
  await using morning = await openMorning({
    people: "email,name,region\na@example.com,Anna,North\n",
    limits: { browsers: 1 },
    reports: Object.fromEntries(names.map((name) => [name, { at, formats: ["csv"] }])),
    config: {
      zone: "UTC",
      alerts: {
        ...{ ping: `${receiver.url}/ping`, heartbeat: `${receiver.url}/beat`, heartbeatEvery: beatEvery },
        webhook: `${receiver.url}/told`,
      },
    },
  });
  using guard = startGuard(() => lastOf(receiver, "/beat"));
  const told =
    (key: string) =>
    ({ path, body }: Received) =>
      path === "/told" && body.includes(`"key":"${key}"`);
  const found = { noticed: 0, told: 0, recovered: 0, pingsOfTheDead: 0, falsely: 0, well: 0 };
  await using watcher = startDaemon(await witness(morning, `${receiver.url}/told`), { roles: ["send"] });
  await using stack = new AsyncDisposableStack();
  /** Starts one and waits for its first sign of life. */
  const start = async (): Promise<Daemon> => {
    const beats = countOf(receiver, "/beat");
    const daemon = stack.use(startDaemon(morning));
    await vi.waitFor(() => expect(countOf(receiver, "/beat")).toBeGreaterThan(beats), patiently);
    guard.watch();
    return daemon;
  };
  let daemon = await start();
  await watcher.wrote(1);
  for (let n = 0; n < kills; n += 1) {
    const [well = "", missed = ""] = names.slice(2 * n);
    const [alarms, words] = [guard.alarms, countOf(receiver, "/told")];
    await comeDue(morning, well);
    await receiver.next(pingOf(well));
    found.well += 1;
    if (guard.alarms > alarms || countOf(receiver, "/told") > words) found.falsely += 1;

    await daemon.kill();
    const killedAt = Date.now();
    await missATime(morning, missed);
    await Promise.all([guard.gone(), receiver.next(told(`missed:${missed}`))]);
    found.noticed += guard.alarms - alarms;
    found.told += 1;
    // What it had sent may still have been on its way.
    found.pingsOfTheDead += receiver.got.filter((one) => one.path !== "/told" && one.at > killedAt + 1_000).length;
    guard.ignore();
    daemon = await start();
    await receiver.next((one) => told(`missed:${missed}`)(one) && one.body.includes('"recovered"'));
    found.recovered += 1;
    await receiver.next(pingOf(missed));
  }
  console.log(
    `a killed daemon: noticed by silence within ${deadlineMs / 1_000} s / told by another / recovered / N: ${found.noticed} / ${found.told} / ${found.recovered} / ${kills}; false alarms ${found.falsely} / ${found.well}`,
  );
  expect(found).toEqual({
    ...{ noticed: kills, told: kills, recovered: kills },
    ...{ pingsOfTheDead: 0, falsely: 0, well: kills },
  });
});
