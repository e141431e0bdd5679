import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { canonicalFilters } from "#model/filters.ts";
import { freshDatabase } from "../support/database.ts";

/** Hundreds of stores, with names in which nothing repeats. */
const filters = { Store: Array.from({ length: 800 }, () => randomBytes(9).toString("base64url")) };

test("an email for hundreds of stores can be recorded as sent", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  await pool.query("insert into report_versions values ('v', 'sales', '{}', now())");
  await pool.query(
    `with who as (insert into recipients (key) values ('a') returning id)
     insert into deliveries (occasion, report, version, recipient_id, recipient_name, envelope, filters, filters_key, formats, locale,
       zone, nominal, expires_at, trial)
     select 'slot:1', 'sales', 'v', id, 'a', '{}', $1, $2, '{png}', 'en', 'UTC', now(), now(), false from who`,
    [JSON.stringify(filters), canonicalFilters(filters)],
  );
  for (const state of ["drawn", "proven", "composed", "sending", "sent"])
    await pool.query("update deliveries set state = $1, owner = 'test', deadline = now()", [state]);
  const { rows } = await pool.query("select state from deliveries");
  expect(rows).toEqual([{ state: "sent" }]);
});
