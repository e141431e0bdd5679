/** A report's slot whose audience can be fixed, over people whose rows a test changes by hand first. */
import { expect } from "vitest";
import { fixAudience } from "#audience/run.ts";
import { rememberTimings } from "#audience/timings.ts";
import type { RenderRequest } from "#model/render.ts";
import { Temporal } from "#model/time.ts";
import { systemClock } from "#runtime/clock.ts";
import { putReport, reportByName } from "#store/reports.ts";
import { moveSlot, openSlots, putSlot } from "#store/slots.ts";
import { freshDatabase } from "./database.ts";
import { reportNamed } from "./reports.ts";

/** Now, and when the slot is due. */
const now = Temporal.Instant.from("2026-11-20T06:00:00Z");
/** More than are planned at a time, so that the odd one is planned while others are being written down. */
export const count = 300;

/** One picture for all: nothing is drawn here. */
const request = { key: "k", version: "v", view: { server: "main" }, formats: ["png"] } as unknown as RenderRequest;

/** A slot that is ready, of a report with `count` people in the north; `fix` plans it, `states` says what came of it. */
export const openReady = async () => {
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
  const mistakes = async () => (await rememberTimings({ pool, clock: systemClock })(known)).mistakes;
  return { database, pool, fix, states, mistakes };
};
