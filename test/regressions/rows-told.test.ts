import { expect, test } from "vitest";
import { openApp } from "#app.ts";
import { testClock } from "../support/clock.ts";
import { keptLog } from "../support/kept-log.ts";
import { openPlace } from "../support/morning.ts";

test("each row by which nobody gets a report is an alert, until it is mended", async () => {
  const people = "email,name,region\na@example.com,Anna,North\n";
  await using place = await openPlace({ people, report: { at: { cron: "* * * * *" }, audienceGuard: "off" } });
  const { pool } = place;
  const clock = testClock("2026-11-20T05:59:30Z");
  await using app = await openApp(await place.config(), { log: keptLog(), clock, isPatient: true });
  const report = app.config.reports[0] ?? expect.fail();
  await app.parts.readLists(report);
  const told = async () => {
    // Another process may have seen a row a moment ago: only what two looks don't find is mended.
    await app.parts.tick();
    await app.parts.tick();
    const { rows } = await pool.query(
      "select lines ->> 0 as line from alerts where key like 'rows:daily-sales:%' and recovered_at is null order by 1",
    );
    return rows.map(({ line }) => String(line));
  };
  const group = /^group “desk”: its rule has no list of values for “region”/;
  const schedule = /^the schedule “mondays 25:00” of a subscription can't be read: /;
  expect(await told()).toEqual([]);
  await pool.query(
    `with g as (insert into groups (key, rule) values ('desk', '{"region": null}') returning id)
       insert into subscriptions (report, group_id) select 'daily-sales', id from g`,
  );
  expect(await told()).toEqual([expect.stringMatching(group)]);
  await pool.query(
    `with r as (insert into recipients (key, email, attributes) values ('odd', 'odd@example.com', '{"region": "North"}') returning id)
       insert into subscriptions (report, recipient_id, at) select 'daily-sales', id, 'mondays 25:00' from r`,
  );
  expect(await told()).toEqual([expect.stringMatching(group), expect.stringMatching(schedule)]);
  await pool.query("delete from groups");
  expect(await told()).toEqual([expect.stringMatching(schedule)]);
  // Longer than a key of the database may be, and than anybody wants to read. The others come due as ever.
  await pool.query(
    `update subscriptions set at = (select string_agg(md5(n::text), '') from generate_series(1, 200) n) where at is not null`,
  );
  clock.move(60_000);
  const [line = "", ...more] = await told();
  expect(more).toEqual([]);
  expect(line).toMatch(/has 6400 characters; a schedule has 1000 at most\.$/);
  expect(line.length).toBeLessThan(400);
  expect((await pool.query("select count(*)::int as n from slots where state <> 'skipped'")).rows).toEqual([{ n: 1 }]);
  await pool.query("update subscriptions set at = null");
  expect(await told()).toEqual([]);
});
