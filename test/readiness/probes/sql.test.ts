import { afterAll, expect, test } from "vitest";
import { instantOf } from "#model/time.ts";
import type { ProbeQuestion } from "#readiness/port.ts";
import { sqlProbe } from "#readiness/probes/sql.ts";
import { postgresSource } from "#sources/postgres.ts";
import { emptyDatabase } from "../../support/database.ts";

const question: ProbeQuestion = { nominal: instantOf(1_795_154_400_000), date: "2026-11-20", filters: null };

const database = await emptyDatabase();
const source = postgresSource({ name: "warehouse", url: database.url, statementTimeoutMs: 5_000, rowLimit: 10 });
afterAll(async () => {
  await source.close();
  await database[Symbol.asyncDispose]();
});

const ask = (sql: string, changed: Partial<ProbeQuestion> = {}) =>
  sqlProbe({ kind: "sql", source: "warehouse", sql }, source).ask(
    { ...question, ...changed },
    new AbortController().signal,
  );

test.each([
  ["select 1 where false", false, null],
  ["select null", false, null],
  ["select false", false, null],
  ["select 0", false, null],
  ["select count(*) from pg_class where relname = 'no such table'", false, null],
  ["select true", true, null],
  ["select 3", true, null],
  ["select 'loaded'", true, null],
  ["select date '2026-11-19'", false, "2026-11-19"],
  ["select date '2026-11-20'", true, "2026-11-20"],
  ["select timestamptz '2026-11-20 23:30+00'", true, "2026-11-20 23:30:00+00"],
  ["select date '2026-11-21'", true, "2026-11-21"],
  ["select :date::date - 1", false, "2026-11-19"],
  ["select :nominal::timestamptz > '2026-11-20'", true, null],
])("%s", async (sql, ready, dataAsOf) => {
  expect(await ask(sql)).toMatchObject({ ready, dataAsOf });
});

test("words say what was found and what was wanted", async () => {
  expect((await ask("select date '2026-11-19'")).words).toBe("the data is of 2026-11-19, wanted is 2026-11-20");
});

test("filters are bound by their names", async () => {
  const filters = { "Sales Region": ["North", "O'Brien, Coast"] };
  const sql = "select count(*) from (values ('North'), ('South')) as v(r) where r = any(:filter_sales_region)";
  expect(await ask(sql, { filters })).toMatchObject({ ready: true, words: "the first cell is 1" });
});

test("a query that can't be asked is a fault to be retried, with the source's words", async () => {
  await expect(ask("select nothing_like_it")).rejects.toMatchObject({
    code: "readiness.probe",
    retry: "later",
    message: expect.stringContaining("nothing_like_it"),
  });
});
