import { expect, test } from "vitest";
import { Temporal } from "#model/time.ts";
import { leaseDelivery, moveDelivery } from "#store/deliveries.ts";
import { freshDatabase } from "../support/database.ts";

const now = Temporal.Instant.from("2026-11-21T07:30:00Z");

const statements = [
  "insert into report_versions values ('v', 'sales', '{}', now())",
  "insert into reports (name, version, mode, mode_since) values ('sales', 'v', 'live', now())",
  "insert into recipients (key, email) select n::text, n || '@example.com' from generate_series(1, 4) n",
  `insert into deliveries (occasion, report, version, recipient_id, recipient_name, envelope, filters, filters_key, formats, locale, zone,
     nominal, expires_at, trial, state)
   select 'slot:1', 'sales', 'v', id, key, '{}', '"all"', case when key in ('1', '4') then 'x' else 'y' end, '{png}', 'en', 'UTC',
     '2026-11-21T07:30Z', '2026-11-21T19:30Z', false, 'planned' from recipients`,
  "update deliveries set state = 'drawn'",
];

test("writers begin at both ends of the filters, and none is given what another one has", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  for (const statement of statements) await pool.query(statement);
  const ask = { leaseMs: 60_000, occasion: null, now };
  const lease = async (owner: string, from: "front" | "back") => {
    const { id = "" } = (await leaseDelivery(pool, { ...ask, owner, from })) ?? {};
    const { rows } = await pool.query("select filters_key as key from deliveries where id = $1", [id]);
    return { id, key: rows[0]?.["key"] };
  };
  const write = ({ id }: { readonly id: string }) =>
    moveDelivery(pool, { id, from: "drawn", to: "failed", reason: "" });
  const first = { front: await lease("one", "front"), back: await lease("two", "back") };
  expect(first.front.key).not.toBe(first.back.key);
  for (const done of [first.front, first.back]) await write(done);
  const second = { front: await lease("one", "front"), back: await lease("two", "back") };
  expect(second).toMatchObject({ front: { key: first.front.key }, back: { key: first.back.key } });
  const all = [first, second].flatMap(({ front, back }) => [front.id, back.id]);
  expect(new Set(all).size).toBe(4);
  expect(await leaseDelivery(pool, { ...ask, owner: "three", from: "back" })).toBeNull();
});
