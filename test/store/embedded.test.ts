import { fork } from "node:child_process";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { expect, onTestFinished, test } from "vitest";
import { isFault } from "#model/fault.ts";
import { silentLog } from "#runtime/log.ts";
import { isAlive } from "#store/embedded/process.ts";
import { endServer } from "#store/embedded/server.ts";
import { type Embedded, startEmbedded } from "#store/embedded.ts";
import { openPool, type Pool, transaction } from "#store/pool.ts";

const newHome = async (): Promise<string> => {
  const home = await mkdtemp(join(tmpdir(), "daybreak embedded "));
  onTestFinished(() => rm(home, { recursive: true, force: true }));
  return join(home, "a home", "postgres");
};

const start = async (dir: string): Promise<Embedded> => {
  const embedded = await startEmbedded({ dir, log: silentLog, fast: true });
  onTestFinished(() => embedded[Symbol.asyncDispose]());
  return embedded;
};

const ask = async (url: string, sql: string): Promise<Record<string, unknown>[]> => {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => {});
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
};

test("it starts in an empty folder, for us alone, in UTF-8 and UTC, and keeps its data", async () => {
  const dir = await newHome();
  const first = await start(dir);
  const setting = (name: string): string => `current_setting('${name}') as ${name}`;
  const names = ["listen_addresses", "timezone", "server_encoding"];
  expect(
    await ask(first.url, `select ${names.map(setting).join(", ")}, usesuper from pg_user where usename = current_user`),
  ).toEqual([
    {
      listen_addresses: "127.0.0.1",
      timezone: "UTC",
      server_encoding: "UTF8",
      usesuper: false,
    },
  ]);
  expect((await stat(dir)).mode & 0o777).toBe(0o700);
  expect((await stat(join(dir, "password"))).mode & 0o777).toBe(0o600);
  await ask(first.url, "create table kept as select 'Ärger' as words, lower('ÄÖ') as low");
  await first[Symbol.asyncDispose]();
  expect(await isAlive(first.pid())).toBe(false);
  const second = await start(dir);
  expect(second.url).toBe(first.url);
  expect(await ask(second.url, "select * from kept")).toEqual([{ words: "Ärger", low: "äö" }]);
});

test("nobody gets in without the password, and the superuser not at all", async () => {
  const { url } = await start(await newHome());
  const wrong = new URL(url);
  wrong.password = "wrong";
  await expect(ask(wrong.href, "select 1")).rejects.toMatchObject({ code: "28P01" });
  const superuser = new URL(url);
  superuser.username = "postgres";
  await expect(ask(superuser.href, "select 1")).rejects.toMatchObject({ code: "28000" });
});

test("several who start at once share one server, and the last one to leave stops it, whoever started it", async () => {
  const dir = await newHome();
  const all = await Promise.all([1, 2, 3].map(() => start(dir)));
  expect(new Set(all.map(({ url }) => url)).size).toBe(1);
  const pid = all[0]?.pid() ?? 0;
  await all[0]?.[Symbol.asyncDispose]();
  await all[1]?.[Symbol.asyncDispose]();
  expect(await isAlive(pid)).toBe(true);
  await all[2]?.[Symbol.asyncDispose]();
  expect(await isAlive(pid)).toBe(false);
});

test("all who leave at once still stop it", async () => {
  const dir = await newHome();
  const all = await Promise.all([1, 2, 3].map(() => start(dir)));
  await Promise.all(all.map((embedded) => embedded[Symbol.asyncDispose]()));
  expect(await isAlive(all[0]?.pid() ?? 0)).toBe(false);
});

test("a server that is killed is started again at the same address for who uses it", async () => {
  const embedded = await start(await newHome());
  const killed = embedded.pid();
  await ask(embedded.url, "create table kept as select 1 as id");
  process.kill(killed, "SIGKILL");
  await expect
    .poll(() => ask(embedded.url, "select id from kept").catch(String), { timeout: 20_000 })
    .toEqual([{ id: 1 }]);
  await expect.poll(() => embedded.pid()).not.toBe(killed);
});

test("whatever was committed before a kill is there after it, and work goes on within seconds", async () => {
  const kills = process.env.DAYBREAK_LONG === "1" ? 20 : 3;
  const embedded = await start(await newHome());
  await using pool = openPool(embedded.url, { max: 4, statementTimeoutMs: 10_000, applicationName: "test" });
  await pool.query("create schema daybreak");
  await pool.query("create table kept (id int)");
  const tally = { confirmed: new Set<number>(), unknown: new Set<number>(), next: 0, slowestMs: 0 };
  for (let kill = 0; kill < kills; kill += 1) await killOnceWhileWriting(embedded, pool, tally);
  const rows = (await pool.query("select id, count(*)::int as n from kept group by id")).rows;
  const stored = new Map(rows.map(({ id, n }) => [Number(id), Number(n)]));
  const lost = [...tally.confirmed].filter((id) => !stored.has(id)).length;
  const twice = [...stored.values()].filter((n) => n > 1).length;
  const unasked = [...stored.keys()].filter((id) => !tally.confirmed.has(id) && !tally.unknown.has(id)).length;
  console.log(
    `lost / duplicates / uncertain / N: ${lost} / ${twice} / ${tally.unknown.size} / ${tally.next}; slowest return ${tally.slowestMs} ms`,
  );
  expect([lost, twice, unasked]).toEqual([0, 0, 0]);
  expect(tally.slowestMs).toBeLessThan(30_000);
});

interface Tally {
  readonly confirmed: Set<number>;
  readonly unknown: Set<number>;
  next: number;
  slowestMs: number;
}

/** Writes rows, kills the postmaster in the middle, and goes on until rows are confirmed by another one. */
const killOnceWhileWriting = async (embedded: Embedded, pool: Pool, tally: Tally): Promise<void> => {
  for (let row = 0; row < 20; row += 1) await writeRow(pool, tally);
  const killed = embedded.pid();
  const killedAt = performance.now();
  process.kill(killed, "SIGKILL");
  // Sessions outlive the postmaster by some milliseconds, so rows are written all along.
  while (!(await writeRow(pool, tally)) || embedded.pid() === killed) await new Promise(setImmediate);
  tally.slowestMs = Math.max(tally.slowestMs, Math.round(performance.now() - killedAt));
};

const writeRow = async (pool: Pool, tally: Tally): Promise<boolean> => {
  const id = tally.next;
  tally.next += 1;
  try {
    await transaction(pool, (db) => db.query("insert into kept values ($1)", [id]));
    tally.confirmed.add(id);
    return true;
  } catch (error) {
    if (!isFault(error, "store.unreachable")) throw error;
    if (error.retry === "unknown") tally.unknown.add(id);
    return false;
  }
};

test("who comes after a killed daemon joins the server that it left, and stops it at the end", async () => {
  const dir = await newHome();
  const daemon = fork(new URL("../support/embedded.ts", import.meta.url), [dir], { stdio: "inherit" });
  const [url, pid] = await new Promise<[string, number]>((done) =>
    daemon.once("message", (words) => done(words as [string, number])),
  );
  const died = new Promise((done) => daemon.once("exit", done));
  daemon.kill("SIGKILL");
  await died;
  expect(await isAlive(pid)).toBe(true);
  const next = await start(dir);
  expect([next.url, next.pid()]).toEqual([url, pid]);
  await next[Symbol.asyncDispose]();
  expect(await isAlive(pid)).toBe(false);
});

test("a postmaster.pid that names another program's process doesn't hinder the start", async () => {
  const dir = await newHome();
  const first = await start(dir);
  const lines = await readFile(join(dir, "data", "postmaster.pid"), "utf8");
  await first[Symbol.asyncDispose]();
  await writeFile(join(dir, "data", "postmaster.pid"), lines.replace(String(first.pid()), String(process.pid)));
  const second = await start(dir);
  expect(await ask(second.url, "select 1 as one")).toEqual([{ one: 1 }]);
});

test("a server that doesn't answer is ended and started again", async () => {
  const dir = await newHome();
  const first = await start(dir);
  const stopped = first.pid();
  process.kill(stopped, "SIGSTOP");
  const second = await startEmbedded({ dir, log: silentLog, fast: true, answerLimitMs: 300 });
  onTestFinished(() => second[Symbol.asyncDispose]());
  expect(second.pid()).not.toBe(stopped);
  expect(await ask(second.url, "select 1 as one")).toEqual([{ one: 1 }]);
});

test("a port that somebody else took meanwhile is replaced", async () => {
  const dir = await newHome();
  const first = await start(dir);
  await first[Symbol.asyncDispose]();
  const squatter = createServer();
  await new Promise<void>((done) => squatter.listen(Number(new URL(first.url).port), "127.0.0.1", done));
  onTestFinished(() => void squatter.close());
  const second = await start(dir);
  expect(second.url).not.toBe(first.url);
  expect(await ask(second.url, "select 1 as one")).toEqual([{ one: 1 }]);
});

test("data of another Postgres is refused with both versions named", async () => {
  const dir = await newHome();
  const first = await start(dir);
  await first[Symbol.asyncDispose]();
  await writeFile(join(dir, "data", "PG_VERSION"), "15\n");
  await expect(start(dir)).rejects.toMatchObject({
    code: "store.embedded",
    message: expect.stringMatching(/Postgres 15;.*Postgres 18/),
  });
});

test("a lost password is told, not waited for", async () => {
  const dir = await newHome();
  const first = await start(dir);
  await writeFile(join(dir, "password"), "another");
  await expect(start(dir)).rejects.toMatchObject({
    code: "store.embedded",
    message: expect.stringContaining("password"),
  });
  await endServer(first.pid());
});
