import { randomBytes } from "node:crypto";
import { inject } from "vitest";
import { openPool, type Pool } from "#store/pool.ts";

const settings = { max: 10, statementTimeoutMs: 30_000, applicationName: "test" };

/** A migrated database of its own; it is dropped at the end, with whoever is still connected. */
export interface TestDatabase extends AsyncDisposable {
  readonly url: string;
  readonly pool: Pool;
}

/** Clones the migrated database: one call in each test file, in `beforeAll` or with `await using`. */
export const freshDatabase = (): Promise<TestDatabase> => cloned(inject("postgres").template);

/** A database with nothing in it, for tests of the migrations themselves. */
export const emptyDatabase = (): Promise<TestDatabase> => cloned("template0");

const cloned = async (template: string): Promise<TestDatabase> => {
  const server = inject("postgres").url;
  const name = `test_${randomBytes(6).toString("hex")}`;
  const url = new URL(`/${name}`, server).href;
  await ask(server, `create database ${name} template ${template}`);
  const pool = openPool(url, settings);
  return {
    url,
    pool,
    [Symbol.asyncDispose]: async () => {
      await pool[Symbol.asyncDispose]();
      await drop(server, name);
    },
  };
};

/** Postgres' own cleaner may be at work in the database: it isn't ours to end, but leaves by itself for a drop without force. */
const drop = async (server: string, name: string): Promise<void> => {
  try {
    await ask(server, `drop database ${name} with (force)`);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "42501")) throw error;
    await ask(server, `drop database ${name}`);
  }
};

const ask = async (url: string, sql: string): Promise<void> => {
  await using pool = openPool(url, { ...settings, max: 1 });
  await pool.query(sql);
};
