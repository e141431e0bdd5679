import { expect, test } from "vitest";
import { planAudience } from "#audience/plan.ts";
import type { DeliveryDraft } from "#model/delivery.ts";
import { Temporal } from "#model/time.ts";
import { requestsOf } from "#render/plan.ts";
import { countOwed, putDeliveries, wantRenders } from "#store/owed.ts";
import type { Pool } from "#store/pool.ts";
import { putReport } from "#store/reports.ts";
import { facts, people, recipient, subscription } from "../support/audience.ts";
import { freshDatabase } from "../support/database.ts";
import { reportNamed } from "../support/reports.ts";

const now = Temporal.Instant.from("2026-11-20T06:00:00Z");
const report = reportNamed("sales");

const enter = async (pool: Pool, count: number): Promise<readonly string[]> => {
  await putReport(pool, { report, version: "v1", mailer: "folder", now });
  const { rows } = await pool.query(
    "insert into recipients (key, email) select 'p' || n, n || '@example.com' from generate_series(1, $1::int) n returning id",
    [count],
  );
  return rows.map((row) => String(row["id"]));
};

const draftsFor = (ids: readonly string[]): readonly DeliveryDraft[] =>
  planAudience(
    facts(
      people({
        recipients: ids.map((id) => recipient(id)),
        subscriptions: ids.map((id) => subscription({ id, recipientId: id })),
      }),
      report,
    ),
  );

const counts = async (pool: Pool): Promise<unknown> => {
  const { rows } = await pool.query(
    `select (select count(*)::int from deliveries) as deliveries, (select count(*)::int from delivery_parts) as parts,
      (select count(*)::int from renders) as renders`,
  );
  return rows[0];
};

test("more deliveries than one statement takes are recorded once each, in order, with their parts", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  const drafts = draftsFor(await enter(pool, 2_300));
  const requests = drafts.flatMap((draft) => requestsOf(draft, { report, version: "v1", hash: (text) => text }));
  const renders = await wantRenders(pool, requests);
  const deliveries = drafts.map((draft, at) => ({
    ...{ draft, slotId: null, occasion: "request:1", version: "v1", now },
    renderIds: [renders.get(requests[at]?.key ?? "") ?? ""],
  }));
  const ids = await putDeliveries(pool, [...deliveries, ...deliveries.slice(0, 5)]);
  expect(ids).toHaveLength(2_300);
  expect(ids.map(Number)).toEqual(ids.map(Number).toSorted((a, b) => a - b));
  expect(await counts(pool)).toEqual({ deliveries: 2_300, parts: 2_300, renders: 1 });
  await countOwed(pool);
  const { rows } = await pool.query("select reltuples::int as rows from pg_class where oid = 'deliveries'::regclass");
  expect(rows).toEqual([{ rows: 2_300 }]);
  expect(await putDeliveries(pool, deliveries)).toEqual([]);
  expect(await counts(pool)).toEqual({ deliveries: 2_300, parts: 2_300, renders: 1 });
});

test("a label that Postgres can't keep as it is costs no delivery its picture", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  const [draft] = draftsFor(await enter(pool, 1));
  if (draft === undefined) throw new Error("nobody was planned");
  const requests = requestsOf(draft, { report, version: "v1", hash: (text) => text });
  const renderIds = [...(await wantRenders(pool, requests)).values()];
  const odd = { ...draft, label: "half \ud83d" };
  await putDeliveries(pool, [{ draft: odd, slotId: null, occasion: "request:1", version: "v1", now, renderIds }]);
  expect(await counts(pool)).toEqual({ deliveries: 1, parts: 1, renders: 1 });
});
