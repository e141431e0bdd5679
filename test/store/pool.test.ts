import { afterAll, beforeAll, expect, test } from "vitest";
import { freshDatabase, type TestDatabase } from "../support/database.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await freshDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());

test("the template is migrated", async () => {
  const { rows } = await database.pool.query("select count(*)::int as n from daybreak_migrations");
  expect(rows[0]?.n).toBeGreaterThan(0);
});
