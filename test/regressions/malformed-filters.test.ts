import { expect, test } from "vitest";
import { fixAudience } from "#audience/run.ts";
import type { RenderRequest } from "#model/render.ts";
import { Temporal } from "#model/time.ts";
import { putReport, reportByName } from "#store/reports.ts";
import { moveSlot, openSlots, putSlot } from "#store/slots.ts";
import { freshDatabase } from "../support/database.ts";
import { reportNamed } from "../support/reports.ts";

const now = Temporal.Instant.from("2026-11-20T06:00:00Z");
/** More than are planned at a time, so that the odd one is planned while others are being written down. */
const count = 300;

/** One picture for all: nothing is drawn here. */
const request = { key: "k", version: "v", view: { server: "main" }, formats: ["png"] } as unknown as RenderRequest;

const openReady = async () => {
  const database = await freshDatabase();
  const { pool } = database;
  await putReport(pool, { report: reportNamed("sales"), version: "v", mailer: "folder", now });
  await pool.query(
    `with who as (insert into recipients (key, name, email, attributes) select n::text, n::text, n || '@example.com', '{"region": "North"}'
       from generate_series(1, $1::int) n returning id)
     insert into subscriptions (report, recipient_id) select 'sales', id from who`,
    [count],
  );
  const known = (await reportByName(pool, "sales")) ?? expect.fail();
  const timing = { schedule: "daily 07:00", zone: "Europe/Berlin" };
  const due = { nominal: now, due: now, expiresAt: now.add({ hours: 12 }), skipped: null };
  await putSlot(pool, { report: "sales", version: "v", ...timing, ...due });
  const [fresh] = await openSlots(pool, now);
  await moveSlot(pool, fresh ?? expect.fail(), { to: "ready" });
  const [slot] = await openSlots(pool, now);
  const fix = (holidays: Readonly<Record<string, string>> = {}) =>
    fixAudience(slot ?? expect.fail(), known, {
      ...{
        pool,
        clock: { now: () => now },
        holidaysOn: async () => holidays,
        requests: (draft) => draft.parts.map(() => request),
      },
    });
  const states = async () =>
    (await pool.query("select state, count(*)::int as n, min(reason) as reason from deliveries group by 1 order by 1"))
      .rows;
  return { database, pool, fix, states };
};

test.each(['{"Region": "North"}', '{"Region": [5]}', '{"Region": null}', '{"Region": {"is": "North"}}'])(
  "filters that somebody wrote in SQL as %s keep only their own person from an email, with the reason",
  async (filters) => {
    const { database, pool, fix, states } = await openReady();
    await using _ = database;
    await pool.query(
      "update subscriptions set filters = $1 where recipient_id = (select id from recipients where key = '280')",
      [filters],
    );
    expect(await fix()).toBe(true);
    expect(await states()).toEqual([
      { state: "planned", n: count - 1, reason: null },
      { state: "skipped", n: 1, reason: expect.stringMatching(/“Region” holds no list of texts/) },
    ]);
  },
);

test("a planning that fails leaves nothing of what was being written down meanwhile", async () => {
  const { database, pool, fix, states } = await openReady();
  await using _ = database;
  await pool.query("update recipients set calendar = 'odd' where key = '280'");
  const odd = {
    get odd(): string {
      return expect.fail("an odd calendar");
    },
  };
  await expect(fix(odd)).rejects.toThrow("an odd calendar");
  await new Promise((done) => setTimeout(done, 300));
  expect(await states()).toEqual([]);
  await pool.query("update recipients set calendar = null");
  expect(await fix()).toBe(true);
  expect(await states()).toEqual([{ state: "planned", n: count, reason: null }]);
});
