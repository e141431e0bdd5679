import { expect, test } from "vitest";
import { json } from "#store/db.ts";
import { freshDatabase } from "../support/database.ts";

test("what Postgres can't keep in a text costs one character, not the row", async () => {
  await using database = await freshDatabase();
  const odd = { "a\0b": ["nul\0", "half \ud83d", "whole 📈", "written \\u0000", "\\\0"] };
  const { rows } = await database.pool.query("select $1::jsonb as kept", [json(odd)]);
  expect(rows[0]?.["kept"]).toEqual({
    "a\ufffdb": ["nul\ufffd", "half \ufffd", "whole 📈", "written \\u0000", "\\\ufffd"],
  });
});
