import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { migrate, schemaOf } from "#store/migrate.ts";
import { openPool, type Pool } from "#store/pool.ts";
import { emptyDatabase } from "../support/database.ts";

const first = "create table one (id int); insert into one values (1);";
const second = "alter table one add column words text;";

const folderWith = async (files: Readonly<Record<string, string>>): Promise<URL> => {
  const folder = await mkdtemp(join(tmpdir(), "daybreak-migrations-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const [name, sql] of Object.entries(files)) await writeFile(join(folder, name), sql);
  return pathToFileURL(`${folder}/`);
};

const fresh = async (): Promise<Pool & { readonly url: string }> => {
  const database = await emptyDatabase();
  onTestFinished(() => database[Symbol.asyncDispose]());
  return Object.assign(database.pool, { url: database.url });
};

test("each file is applied once, in order, and a second start applies nothing", async () => {
  const pool = await fresh();
  const folder = await folderWith({ "0002-words.sql": second, "0001-one.sql": first });
  expect(await schemaOf(pool, folder)).toEqual({ is: "absent" });
  expect(await migrate(pool, folder)).toEqual({ applied: [1, 2], version: 2 });
  expect(await migrate(pool, folder)).toEqual({ applied: [], version: 2 });
  expect(await schemaOf(pool, folder)).toEqual({ is: "current", version: 2, newest: 2 });
  expect((await pool.query("select * from daybreak.one")).rows).toEqual([{ id: 1, words: null }]);
});

test("many processes that start at once apply each file once between them", async () => {
  const pool = await fresh();
  const folder = await folderWith({ "0001-one.sql": first, "0002-words.sql": second });
  const settings = { max: 1, statementTimeoutMs: 30_000, applicationName: "test" };
  const pools = Array.from({ length: 5 }, () => openPool(pool.url, settings));
  const results = await Promise.all(pools.map((own) => migrate(own, folder)));
  await Promise.all(pools.map((own) => own[Symbol.asyncDispose]()));
  expect(results.flatMap(({ applied }) => applied).sort()).toEqual([1, 2]);
});

test("a file that fails leaves nothing of itself, and the ones before it stay", async () => {
  const pool = await fresh();
  const broken = "create table two (id int); select 1 / 0;";
  await expect(
    migrate(pool, await folderWith({ "0001-one.sql": first, "0002-two.sql": broken })),
  ).rejects.toMatchObject({ code: "22012" });
  const { rows } = await pool.query("select to_regclass('two') as two, to_regclass('one')::text as one");
  expect(rows[0]).toEqual({ two: null, one: "one" });
});

test("a schema that lacks the newest files is older, and looking at it changes nothing", async () => {
  const pool = await fresh();
  await migrate(pool, await folderWith({ "0001-one.sql": first }));
  const folder = await folderWith({ "0001-one.sql": first, "0002-words.sql": second });
  expect(await schemaOf(pool, folder)).toEqual({ is: "older", version: 1, newest: 2 });
  expect(await schemaOf(pool, folder)).toEqual({ is: "older", version: 1, newest: 2 });
});

test("a newer schema is refused untouched", async () => {
  const pool = await fresh();
  await migrate(pool, await folderWith({ "0001-one.sql": first, "0002-words.sql": second }));
  const older = await folderWith({ "0001-one.sql": first });
  expect(await schemaOf(pool, older)).toMatchObject({ is: "foreign", fault: { code: "store.newer-schema" } });
  await expect(migrate(pool, older)).rejects.toMatchObject({
    code: "store.newer-schema",
    message: expect.stringContaining("schema 2 (words)"),
  });
});

test("an applied file that was edited is refused; other line ends are no edit", async () => {
  const pool = await fresh();
  await migrate(pool, await folderWith({ "0001-one.sql": `${first}\n` }));
  expect(await migrate(pool, await folderWith({ "0001-one.sql": `${first}\r\n` }))).toEqual({
    applied: [],
    version: 1,
  });
  const edited = await folderWith({ "0001-one.sql": `${first} -- better` });
  await expect(migrate(pool, edited)).rejects.toMatchObject({
    code: "store.newer-schema",
    message: expect.stringContaining("not the one"),
  });
});

test("the schema's owner needs no right to make schemas when it is there already", async () => {
  const pool = await fresh();
  await pool.query("create schema daybreak");
  await pool.query(`revoke create on database ${new URL(pool.url).pathname.slice(1)} from daybreak`);
  await migrate(pool, await folderWith({ "0001-one.sql": first }));
  expect((await pool.query("select id from one")).rows).toEqual([{ id: 1 }]);
});

test("the shipped migrations apply to an empty database", async () => {
  const pool = await fresh();
  expect((await migrate(pool)).applied.length).toBeGreaterThan(0);
  expect(await schemaOf(pool)).toMatchObject({ is: "current" });
});
