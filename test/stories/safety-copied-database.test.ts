import {
  cp,
  mkdir,
  mkdtemp,
  mkdtempDisposable,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, inject, test, vi } from "vitest";
import { adoptIt } from "#actions/adopt.ts";
import { adoptingParts } from "#app/adopting.ts";
import { adoptDatabase, joinInstallation, openInstallation } from "#app/installation.ts";
import { type App, configChecks, openApp } from "#app.ts";
import { loadConfig } from "#config/load.ts";
import { openPool } from "#store/pool.ts";
import { allReports } from "#store/reports.ts";
import { recentSlots } from "#store/slots.ts";
import { testCacheDir } from "../support/browsers.ts";
import { testClock } from "../support/clock.ts";
import { freshDatabase } from "../support/database.ts";
import { keptLog } from "../support/kept-log.ts";
import { allDeliveries, type Morning, openMorning, untilAll, untilClosed } from "../support/morning.ts";
import { startSink } from "../support/sink.ts";

const people = "email,name,region\nanna@example.com,Anna Berger,North\nben@example.com,Ben Carter,North\n";
const mail = (url: string) => ({ mail: { from: "bi@example.com", via: url } });

const asked = async (sql: readonly string[]): Promise<void> => {
  await using pool = openPool(inject("postgres").url, {
    max: 1,
    statementTimeoutMs: 30_000,
    applicationName: "test",
  });
  for (const one of sql) await pool.query(one);
};

/** A copy of a morning's database, as a dump that is restored elsewhere would be. */
const copyOf = async (database: string): Promise<AsyncDisposable & { readonly url: string }> => {
  const original = new URL(database).pathname.slice(1);
  const name = `${original}_copy`;
  await asked([
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${original}'`,
    `create database ${name} template ${original}`,
  ]);
  return {
    url: new URL(`/${name}`, database).href,
    [Symbol.asyncDispose]: () => asked([`drop database ${name} with (force)`]),
  };
};

/** The same configuration in another folder, over another database. */
const elsewhere = async (
  morning: Morning,
  database: string,
  { rename = (text: string) => text, isPatient = false } = {},
): Promise<AsyncDisposable & { readonly app: App }> => {
  await using stack = new AsyncDisposableStack();
  const dir = await mkdtemp(join(tmpdir(), "daybreak-copy-"));
  stack.defer(() => rm(dir, { recursive: true, force: true }));
  await mkdir(join(dir, "home"), { mode: 0o700 });
  await symlink(testCacheDir, join(dir, "home", "cache"));
  await mkdir(join(morning.dir, "home", "artifacts"), { recursive: true });
  await cp(join(morning.dir, "home", "artifacts"), join(dir, "home", "artifacts"), { recursive: true });
  for (const name of ["daybreak.yaml", "people.csv"])
    await writeFile(join(dir, name), rename(await readFile(join(morning.dir, name), "utf8")));
  const env = { ...process.env, ...morning.env, STORY_DATABASE: database };
  const config = await loadConfig({ file: join(dir, "daybreak.yaml"), env, cwd: dir, ...configChecks });
  const app = stack.use(await openApp(config, { log: keptLog(), clock: morning.clock, isPatient }));
  const owned = stack.move();
  return { app, [Symbol.asyncDispose]: () => owned.disposeAsync() };
};

test("a copy of the database beside its original mails nobody and says so; the original goes on", async () => {
  await using sink = await startSink();
  await using morning = await openMorning({ people, config: mail(sink.url) });
  await morning.makeDue();
  const writing = morning.begin(["tick", "render", "write"]);
  await untilAll(morning, "composed");
  await writing.stop();
  await using copy = await copyOf(morning.database);
  await using second = await elsewhere(morning, copy.url);
  const { app } = second;
  expect(app.installation.refusal()).toMatch(/belongs to another installation/);
  const log = app.log as ReturnType<typeof keptLog>;
  const told = log.next("alert.critical", ({ key }) => key === "installation");
  const work = app.work({ roles: ["tick", "render", "send"], occasion: null });
  expect((await told).fields).toMatchObject({ subject: "no live email leaves here" });
  await work.stop();
  expect(sink.messages).toEqual([]);
  expect((await allDeliveries(app.pool)).map(({ state }) => state)).toEqual(["composed", "composed"]);
  const parts = adoptingParts(app, "test");
  await expect(adoptIt({ join: false, waiting: null, by: "test" }, parts)).rejects.toThrow("2 emails wait");
  await adoptIt({ join: false, waiting: "discard", by: "test" }, parts);
  await app.installation.look();
  expect(app.installation.refusal()).toBeNull();
  const again = app.work({ roles: ["tick", "render", "send"], occasion: null });
  const own = morning.begin();
  await morning.closed();
  await Promise.all([again.stop(), own.stop()]);
  expect(sink.messages.flatMap(({ to }) => to).toSorted()).toEqual(["anna@example.com", "ben@example.com"]);
  console.log(`copied database: 0 lost / 0 duplicates / 0 by the copy of ${sink.messages.length}`);
});

test("over a copy no backup is made and no archive removed, until it is adopted", async () => {
  await using place = await mkdtempDisposable(join(tmpdir(), "daybreak-archives-"));
  const [folder, archives] = [join(place.path, "server"), join(place.path, "archives")];
  for (const dir of [folder, archives]) await mkdir(dir);
  await writeFile(join(folder, "sales.db"), "figures");
  const backups = { list: { folder, at: "daily 02:00", zone: "UTC", to: `file:${archives}` } };
  await using morning = await openMorning({ people, config: { backups } });
  await using copy = await copyOf(morning.database);
  await using second = await elsewhere(morning, copy.url);
  const { app } = second;
  const log = app.log as ReturnType<typeof keptLog>;
  const runs = async () => (await app.pool.query("select state from backup_runs")).rows;
  const looks = vi.spyOn(app.installation, "look");
  const work = app.work({ roles: ["backup"], occasion: null });
  const passing = setInterval(() => {
    morning.clock.move(6 * 3_600_000);
    work.ring();
  }, 100);
  try {
    await vi.waitUntil(() => looks.mock.calls.length >= 40, { timeout: 30_000 });
    expect([await runs(), await readdir(archives)]).toEqual([[], []]);
    const [taken, made] = [log.next("backup.taken"), log.next("backup.moved", ({ to }) => to === "done")];
    await adoptIt({ join: false, waiting: "discard", by: "test" }, adoptingParts(app, "test"));
    await taken;
    clearInterval(passing);
    await made;
  } finally {
    clearInterval(passing);
    await work.stop();
  }
  expect(await runs()).toContainEqual({ state: "done" });
});

test("a database that is restored from last night doesn't send this morning again when it is adopted", async () => {
  await using sink = await startSink();
  const report = { at: { cron: "30 6 * * *", zone: "UTC" } };
  await using morning = await openMorning({ people, config: mail(sink.url), report });
  const day = morning.clock.now().toZonedDateTimeISO("UTC").startOfDay();
  const toTime = (hours: number) =>
    morning.clock.move(day.add({ hours }).toInstant().epochMilliseconds - morning.clock.now().epochMilliseconds);
  toTime(24 + 3);
  for (const one of morning.app.config.reports) await morning.app.parts.readLists(one);
  await morning.app.parts.tick();
  await using copy = await copyOf(morning.database);
  toTime(24 + 7);
  const own = morning.begin();
  await morning.closed();
  await own.stop();
  expect(sink.messages).toHaveLength(2);
  await using restored = await elsewhere(morning, copy.url);
  const { app } = restored;
  const parts = adoptingParts(app, "test");
  await expect(adoptIt({ join: false, waiting: null, by: "test" }, parts)).rejects.toThrow("one report has come due");
  await adoptIt({ join: false, waiting: "discard", by: "test" }, parts);
  await app.installation.look();
  expect(app.installation.refusal()).toBeNull();
  const work = app.work({ roles: ["tick", "render", "send"], occasion: null });
  await app.parts.tick();
  toTime(48 + 7);
  await app.parts.tick();
  await untilClosed(app.pool);
  await work.stop();
  // The next morning goes out by itself.
  expect(sink.messages).toHaveLength(4);
  const slots = await recentSlots(app.pool, 10);
  expect(slots.map(({ slot: { state, reason } }) => [state, reason])).toEqual([
    ["closed", null],
    ["skipped", "discarded when the database was adopted (test)"],
  ]);
});

test("a configuration that names another installation's database by mistake ends none of its reports", async () => {
  await using sink = await startSink();
  await using morning = await openMorning({ people, config: mail(sink.url) });
  const rename = (text: string) => text.replaceAll("daily-sales", "somebody-elses");
  await expect(elsewhere(morning, morning.database, { rename })).rejects.toMatchObject({ code: "send.foreign" });
  await using daemon = await elsewhere(morning, morning.database, { rename, isPatient: true });
  expect(daemon.app.installation.refusal()).toMatch(/belongs to another installation/);
  expect((await allReports(morning.pool)).map(({ report }) => report.name)).toEqual(["daily-sales"]);
  await morning.live();
  expect(sink.messages).toHaveLength(2);
});

test("a database that is swapped for a copy with the folder beside it refuses, because it lies elsewhere", async () => {
  await using sink = await startSink();
  await using morning = await openMorning({ people, config: mail(sink.url) });
  await using copy = await copyOf(morning.database);
  await using second = await elsewhere(morning, copy.url);
  await cp(join(morning.dir, "home", "installation"), join(second.app.config.home, "installation"));
  await second.app.installation.look();
  expect(second.app.installation.refusal()).toMatch(/the database was copied or restored/);
  expect(morning.app.installation.refusal()).toBeNull();
});

const place = async () => {
  const home = await mkdtemp(join(tmpdir(), "daybreak-home-"));
  return { home, [Symbol.asyncDispose]: () => rm(home, { recursive: true, force: true }) };
};

test("a fresh database is claimed once, even by many first starts at once, and the file is for its owner alone", async () => {
  await using database = await freshDatabase();
  await using one = await place();
  const parts = {
    config: { home: one.home, database: "x" },
    pool: database.pool,
    clock: testClock("2026-11-20T06:00:00Z"),
  };
  const all = await Promise.all(Array.from({ length: 5 }, () => openInstallation(parts)));
  expect(new Set(all.map((found) => found.id()))).toHaveLength(1);
  expect(all[0]?.id()).toMatch(/^[0-9a-f-]{36}$/);
  expect((await stat(join(one.home, "installation"))).mode & 0o777).toBe(0o600);
});

test("a second folder refuses until it joins; adopting there takes the database from the first", async () => {
  await using database = await freshDatabase();
  await using one = await place();
  await using two = await place();
  const clock = testClock("2026-11-20T06:00:00Z");
  const first = { config: { home: one.home, database: "x" }, pool: database.pool, clock };
  const second = { config: { home: two.home, database: "x" }, pool: database.pool, clock };
  const owner = await openInstallation(first);
  const other = await openInstallation(second);
  expect(other.refusal()).toMatch(/another installation/);
  await joinInstallation(second);
  await other.look();
  expect(other.id()).toBe(owner.id());
  await adoptDatabase(second, "anna");
  await Promise.all([owner.look(), other.look()]);
  expect(other.refusal()).toBeNull();
  expect(owner.refusal()).toMatch(/another installation \(anna on .*2026-11-20\)/);
});

test("a folder that is copied together with the database that it brings along refuses at its new place", async () => {
  await using database = await freshDatabase();
  await using one = await place();
  await using two = await place();
  const clock = testClock("2026-11-20T06:00:00Z");
  const own = await openInstallation({ config: { home: one.home, database: null }, pool: database.pool, clock });
  await cp(join(one.home, "installation"), join(two.home, "installation"));
  const copied = await openInstallation({ config: { home: two.home, database: null }, pool: database.pool, clock });
  expect(own.refusal()).toBeNull();
  expect(copied.refusal()).toMatch(/folder with the database was copied, moved or restored/);
});
