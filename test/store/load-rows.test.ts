import { expect, test } from "vitest";
import { loadRows, splitStatements } from "#store/load-rows.ts";
import { ownRows } from "#store/own-rows.ts";
import type { Pool } from "#store/pool.ts";
import { emptyDatabase, freshDatabase } from "../support/database.ts";

const odd = `o'dd; \\ "wo;rds"\n-- it's; \u{1f600}\t$1 $$ $x$;`;

const rowsOf = async (pool: Pool): Promise<readonly string[]> => {
  const { rows } = await pool.query("select to_jsonb(r)::text as row from recipients r order by id");
  return rows.map(({ row }) => String(row));
};

/** A text in pieces of any size, as files are read. */
async function* inPieces(text: string, size: number): AsyncGenerator<string> {
  for (let at = 0; at < text.length; at += size) yield text.slice(at, at + size);
}

const dumpOf = async (pool: Pool): Promise<string> => (await Array.fromAsync(ownRows(pool))).join("");

test("statements end where they end: not in texts, names, comments and bodies", () => {
  const text = `select 1; -- it's; no\nselect 'a;''b', "c;d", $$ e; $$, $x$ ;$$; $x$; insert into t values (E'\\\\;'); select 2`;
  expect(splitStatements(text)).toEqual({
    whole: [
      "select 1;",
      ` -- it's; no\nselect 'a;''b', "c;d", $$ e; $$, $x$ ;$$; $x$;`,
      ` insert into t values (E'\\\\;');`,
    ],
    rest: " select 2",
  });
  for (const cut of ["select 'a;", "select $$ a;", "select $x$ a; $$;", "-- a;", 'select "a;']) {
    expect(splitStatements(cut).whole, cut).toEqual([]);
  }
});

test("a dump comes back with every row, whatever the pieces it is read in", async () => {
  await using full = await freshDatabase();
  await full.pool.query("insert into recipients (key, name) select 'key ' || n, $1 from generate_series(1, 1200) n", [
    odd,
  ]);
  const text = await dumpOf(full.pool);
  for (const size of [997, 1_000_000]) {
    await using empty = await emptyDatabase();
    expect(await loadRows(empty.pool, inPieces(text, size))).toBeGreaterThan(50);
    expect(await rowsOf(empty.pool)).toEqual(await rowsOf(full.pool));
    await empty.pool.query("insert into recipients (key) values ('one more')");
    expect(await rowsOf(empty.pool)).toHaveLength(1201);
  }
});

test("a dump that is cut off anywhere leaves nothing of itself", async () => {
  await using full = await freshDatabase();
  await full.pool.query("insert into recipients (key, name) values ('anna', 'Anna')");
  const text = await dumpOf(full.pool);
  await using empty = await emptyDatabase();
  const commit = text.lastIndexOf("commit;");
  for (const end of [0, 400, Math.floor(text.length / 2), commit - 1, commit + 5]) {
    const loading = loadRows(empty.pool, inPieces(text.slice(0, end), 65_536));
    await expect(loading, String(end)).rejects.toMatchObject({ code: "backup.restore" });
    const { rows } = await empty.pool.query("select 1 from pg_namespace where nspname = 'daybreak'");
    expect(rows).toEqual([]);
  }
});

test("a database with anything in it is never written over, one that was only just made is", async () => {
  await using full = await freshDatabase();
  await full.pool.query("insert into recipients (key) values ('anna')");
  const text = await dumpOf(full.pool);
  await expect(loadRows(full.pool, inPieces(text, 65_536))).rejects.toMatchObject({
    code: "usage",
    message: "The database isn't empty: it has recipients.",
  });
  expect(await rowsOf(full.pool)).toHaveLength(1);
  await using fresh = await freshDatabase();
  await loadRows(fresh.pool, inPieces(text, 65_536));
  expect(await rowsOf(fresh.pool)).toHaveLength(1);
});
