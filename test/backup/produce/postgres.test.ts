import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, inject, test } from "vitest";
import { connectionOf } from "#backup/produce/postgres.ts";
import { newestPgDump } from "#backup/produce/programs.ts";
import type { Producer } from "#model/backup.ts";
import { faultOf, place, produce } from "./support.ts";

const environment = { PATH: "/usr/local/bin:/usr/bin:/bin" };
let major = 0;
let server = "";

beforeAll(async () => {
  major = (await newestPgDump(environment))?.major ?? 0;
  server = inject("postgres").url;
});

/** A stand-in for pg_dump that writes down what it was called with, and its environment. */
const standIn = (dir: string, does: string): string => {
  const bin = join(dir, "bin");
  mkdirSync(bin);
  const program = join(bin, "pg_dump");
  const version = `[ "$1" = --version ] && { echo "pg_dump (PostgreSQL) 99.1"; exit 0; }`;
  writeFileSync(program, `#!/bin/bash\n${version}\necho "$*" > '${dir}/words'; env > '${dir}/env'\n${does}\n`);
  chmodSync(program, 0o755);
  return program;
};

const producerOf = (pgDump: string | null, url: string | null = "postgres://me:s3cret%2Fx@db:5433/meta"): Producer => ({
  kind: "postgres",
  url,
  pgDump,
  flags: ["--exclude-table-data=logs"],
});

const asked = (scratch: string, producer: Producer) => ({ producer, extension: "dump", scratch });

test("pg_dump gets the address without its password, which only its environment holds", async () => {
  using here = place();
  const pgDump = standIn(here.dir, "printf 'PGDMP and rows'");
  const produced = await produce(asked(here.scratch, producerOf(pgDump)));
  expect(produced).toMatchObject({ inScratch: true, version: "pg_dump (PostgreSQL) 99.1" });
  expect(readFileSync(produced.path, "utf8")).toBe("PGDMP and rows");
  expect(readFileSync(join(here.dir, "words"), "utf8")).toBe(
    "--format=custom --no-password --exclude-table-data=logs --dbname=postgres://me@db:5433/meta\n",
  );
  expect(readFileSync(join(here.dir, "env"), "utf8")).toContain("PGPASSWORD=s3cret/x\n");
});

test("the newest pg_dump that the machine finds is used, and the own database's address asked for when it is needed", async () => {
  using here = place();
  const pgDump = standIn(here.dir, "printf PGDMP");
  const parts = {
    environment: { PATH: `${join(pgDump, "..")}:/usr/bin:/bin` },
    ownDatabase: () => "postgres://own@db/daybreak",
  };
  const { version } = await produce({ ...asked(here.scratch, producerOf(null, null)), parts });
  expect(version).toBe("pg_dump (PostgreSQL) 99.1");
  expect(readFileSync(join(here.dir, "words"), "utf8")).toContain("--dbname=postgres://own@db/daybreak");
});

const bad: readonly (readonly [what: string, does: string, said: RegExp])[] = [
  ["refuses", "echo 'password s3cret/x is wrong' >&2; exit 1", /Its last words: password ••• is wrong$/],
  ["dies in the middle", "printf PGDMP; kill -9 $$", /by SIGKILL/],
  ["writes nothing", "exit 0", /wrote nothing/],
  ["writes an error where the dump should be", "echo connection refused", /doesn't begin as a \.dump file does/],
  ["hangs", "printf PGDMP; sleep 600", /longer than 0\.5 s/],
  ["is older than its server", "echo 'aborting because of server version mismatch' >&2; exit 1", /version mismatch/],
];

test("a pg_dump that fails in any way makes no archive, and no password is repeated", async () => {
  let good = 0;
  for (const [what, does, said] of bad) {
    using here = place();
    const producer = producerOf(standIn(here.dir, does));
    const timeoutMs = what === "hangs" ? 500 : 30_000;
    const fault = await faultOf({ ...asked(here.scratch, producer), timeoutMs });
    if (fault === null) good += 1;
    expect(fault?.message, what).toMatch(said);
    expect(fault?.message, what).not.toContain("s3cret");
    expect(here.left(), what).toEqual([]);
  }
  process.stdout.write(`pg_dump: marked good ${good} / ${bad.length}\n`);
  expect(good).toBe(0);
});

test("without any pg_dump the remedy is named", async () => {
  using here = place();
  const fault = await faultOf(asked(here.scratch, producerOf(join(here.dir, "none"))));
  expect(fault).toMatchObject({ code: "backup.produce", retry: "never" });
});

test("a real database is dumped by a real pg_dump, or refused with the remedy by one that is too old", async ({
  skip,
}) => {
  if (major === 0) skip("this machine has no pg_dump");
  using here = place();
  const ask = asked(here.scratch, { kind: "postgres", url: server, pgDump: null, flags: [] });
  const fault = await faultOf({ ...ask, parts: { environment } });
  if (fault === null) {
    expect(major).toBeGreaterThanOrEqual(18);
    expect(readFileSync(join(here.scratch, "bi-2026-11-21.dump")).subarray(0, 5).toString()).toBe("PGDMP");
  } else {
    expect(major).toBeLessThan(18);
    expect(fault).toMatchObject({ retry: "never", hint: expect.stringContaining("is older than the server") });
  }
  expect(fault?.message ?? "").not.toContain(new URL(server).password);
});

test("a password that stands among the address's parameters is taken out as well", () => {
  expect(connectionOf("postgres://me@db/x?sslmode=require&password=hidden")).toEqual({
    address: "postgres://me@db/x?sslmode=require",
    variables: { PGPASSWORD: "hidden" },
    secrets: ["hidden", "hidden"],
  });
  expect(connectionOf("postgres://me@db/x").variables).toEqual({});
});
