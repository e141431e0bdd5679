import { cp, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, onTestFinished, test, vi } from "vitest";
import { configChecks, openApp } from "#app.ts";
import { loadConfig } from "#config/load.ts";
import { migrate, schemaOf } from "#store/migrate.ts";
import { openPool, type Pool } from "#store/pool.ts";
import { emailsOf, judge, people, wanted } from "../support/crowd.ts";
import { emptyDatabase, type TestDatabase } from "../support/database.ts";
import { keptLog } from "../support/kept-log.ts";
import { allDeliveries, allRoles, type Morning, openMorning, untilClosed } from "../support/morning.ts";
import { type Sink, startSink } from "../support/sink.ts";

const shipped = new URL("../../src/store/migrations/", import.meta.url);

const versions = (await readdir(shipped)).map((name) => Number.parseInt(name, 10)).sort((a, b) => a - b);
const newest = versions.at(-1) ?? 0;
const previous = versions.at(-2) ?? 0;

/** The migrations of a program that knew no more than these. */
const knownUpTo = async (version: number, more: Readonly<Record<string, string>> = {}): Promise<URL> => {
  const folder = await mkdtemp(join(tmpdir(), "daybreak-versions-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const isKnown = (path: string): boolean =>
    !path.endsWith(".sql") || Number.parseInt(path.split("/").at(-1) ?? "", 10) <= version;
  await cp(shipped, folder, { recursive: true, filter: isKnown });
  for (const [name, sql] of Object.entries(more)) await writeFile(join(folder, name), sql);
  return pathToFileURL(`${folder}/`);
};

/** In an order in which no row names one that isn't there yet. */
const tables = [
  ...[
    "installation",
    "recipients",
    "groups",
    "group_members",
    "subscriptions",
    "copies",
    "suppressions",
    "report_versions",
  ],
  ...[
    "reports",
    "schedules",
    "lists",
    "slots",
    "renders",
    "artifacts",
    "deliveries",
    "delivery_parts",
    "proofs",
    "messages",
    "attempts",
  ],
];

const columnsOf = async (pool: Pool, table: string): Promise<readonly string[]> => {
  const sql = "select column_name from information_schema.columns where table_schema = 'daybreak' and table_name = $1";
  return (await pool.query(sql, [table])).rows.map((row) => String(row["column_name"]));
};

/** Writes a database's rows into one with an older schema, as the program of that time would have left them. */
const copyRows = async (from: Pool, to: Pool): Promise<void> => {
  for (const table of tables) {
    const columns = (await columnsOf(to, table)).map((name) => `"${name}"`).join(", ");
    const { rows } = await from.query(`select coalesce(jsonb_agg(t), '[]')::text as all from ${table} t`);
    await to.query(`alter table ${table} disable trigger user`);
    await to.query(`delete from ${table}`);
    await to.query(
      `insert into ${table} (${columns}) overriding system value select ${columns} from jsonb_populate_recordset(null::${table}, $1::jsonb)`,
      [rows[0]?.["all"]],
    );
    await to.query(`alter table ${table} enable trigger user`);
  }
  const { rows } = await to.query("select sequencename as name from pg_sequences where schemaname = 'daybreak'");
  for (const { name } of rows) {
    const table = String(name).replace(/_id_seq$/, "");
    await to.query(`select setval('${String(name)}', (select coalesce(max(id), 0) + 1 from ${table}))`);
  }
};

/** A database with the schema of `version`, full of a morning's rows. */
const populated = async (morning: Morning, version: number): Promise<TestDatabase> => {
  const database = await emptyDatabase();
  onTestFinished(() => database[Symbol.asyncDispose]());
  await migrate(database.pool, await knownUpTo(version));
  await copyRows(morning.pool, database.pool);
  // It is meant to be the same database, not a copy of it, which would mail nobody.
  if ((await columnsOf(database.pool, "installation")).includes("cluster")) {
    await database.pool.query("update installation set cluster = null");
  }
  return database;
};

const statesOf = async (pool: Pool): Promise<Readonly<Record<string, number>>> => {
  const { rows } = await pool.query("select state, count(*)::int as n from deliveries group by state order by state");
  return Object.fromEntries(rows.map(({ state, n }) => [String(state), Number(n)]));
};

/** A morning that is ended in its middle: some emails are with their readers, one may be, others are at each stage before. */
const halfAMorning = async (sink: Sink): Promise<Morning> => {
  const config = { mail: { from: "bi@example.com", via: sink.url } };
  const morning = await openMorning({ people, config, limits: { senders: 1 } });
  await morning.makeDue();
  const begun = morning.begin();
  await vi.waitFor(() => expect(sink.messages.length).toBeGreaterThanOrEqual(4), { timeout: 60_000, interval: 5 });
  await begun.stop();
  const writing = morning.begin(["tick", "write"]);
  await vi.waitFor(async () => expect((await statesOf(morning.pool))["composed"]).toBeGreaterThan(0), {
    timeout: 20_000,
  });
  await writing.stop();
  // Its process was killed while it waited for the mail server's answer.
  await morning.pool.query(`update deliveries set state = 'sending', attempts = 1, owner = 'dead', deadline = now() - interval '1 hour'
    where id = (select min(id) from deliveries where state = 'composed')`);
  await morning.pool.query(`insert into attempts (delivery_id, n, owner, started_at)
    select id, 1, 'dead', now() - interval '1 hour' from deliveries where state = 'sending'`);
  return morning;
};

/** The newest program over an upgraded database. */
const finish = async (morning: Morning, database: TestDatabase): Promise<void> => {
  const env = { ...process.env, ...morning.env, STORY_DATABASE: database.url };
  const config = await loadConfig({ file: morning.file, env, cwd: morning.dir, ...configChecks });
  const log = keptLog();
  await using app = await openApp(config, { log, clock: morning.clock });
  const work = app.work({ roles: allRoles, occasion: null });
  await untilClosed(database.pool, log).finally(() => work.stop());
};

test("a database full of half a morning is upgraded, and the morning goes on: nobody gets anything twice or not at all", async () => {
  await using sink = await startSink();
  await using morning = await halfAMorning(sink);
  const before = await statesOf(morning.pool);
  expect(before["sent"]).toBeGreaterThanOrEqual(4);
  const sent = await emailsOf(sink);
  for (const version of [3, previous]) {
    const database = await populated(morning, version);
    expect(await schemaOf(database.pool)).toEqual({ is: "older", version, newest });
    // Two processes of the new program start at once.
    const settings = { max: 2, statementTimeoutMs: 30_000, applicationName: "test" };
    await using second = openPool(database.url, settings);
    const [one, other] = await Promise.all([migrate(database.pool), migrate(second)]);
    expect([...one.applied, ...other.applied].toSorted((a, b) => a - b)).toEqual(
      versions.filter((each) => each > version),
    );
    expect(await statesOf(database.pool)).toEqual(before);
    const already = sink.messages.length;
    await finish(morning, database);
    const emails = [...sent, ...(await emailsOf(sink)).slice(already)];
    const after = await allDeliveries(database.pool);
    const uncertain = after.filter(({ state }) => state === "uncertain").map(({ envelope }) => envelope.to);
    expect(uncertain).toHaveLength(1);
    judge(`schema ${version} → ${newest}, ${JSON.stringify(before)}`, emails, uncertain);
    expect(await statesOf(database.pool)).toEqual({ sent: wanted.length - 1, uncertain: 1 });
  }
});

test("an upgrade that fails leaves the old schema with every row, and the next one goes through", async () => {
  await using sink = await startSink();
  await using morning = await openMorning({ people: "email,name,region\nanna@example.com,Anna,North\n" });
  await morning.live();
  const database = await populated(morning, 3);
  const rows = async (): Promise<readonly string[]> => {
    const all: string[] = [];
    for (const table of tables) {
      const { rows: found } = await database.pool.query(`select to_jsonb(t)::text as row from ${table} t order by 1`);
      all.push(...found.map(({ row }) => `${table}: ${String(row)}`));
    }
    return all;
  };
  const before = await rows();
  const broken = "alter table deliveries add column oops text; update deliveries set state = 'nonsense'; select 1 / 0;";
  await expect(migrate(database.pool, await knownUpTo(3, { "0004-broken.sql": broken }))).rejects.toThrow();
  expect(await rows()).toEqual(before);
  expect(await schemaOf(database.pool)).toMatchObject({ is: "older", version: 3 });
  expect((await migrate(database.pool)).version).toBe(newest);
  expect(sink.messages).toEqual([]);
});

test("a database of a newer program is refused before anything is done with it", async () => {
  await using morning = await openMorning({ people: "email,name,region\nanna@example.com,Anna,North\n" });
  await morning.makeDue();
  await morning.pool.query(
    "insert into daybreak_migrations (version, name, checksum) values (9999, 'from-the-future', 'x')",
  );
  await expect(openApp(await morning.config(), { log: keptLog(), clock: morning.clock })).rejects.toMatchObject({
    code: "store.newer-schema",
    message: expect.stringContaining("schema 9999 (from-the-future)"),
    hint: expect.stringContaining("start the newer Daybreak"),
  });
  expect((await morning.pool.query("select count(*) as n from deliveries")).rows[0]?.["n"]).toBe("0");
});
