import { expect, test } from "vitest";
import { openMorning, usualDay } from "../support/morning.ts";
import { only } from "../support/outbox.ts";

const people = "email,name,region\nanna@example.com,Anna Berger,North\n";
const warehouse = { sources: { warehouse: { url: "${STORY_DATABASE}" } } };
const loaded = "create table public.loads (day date)";
const readiness = (otherwise: string) => ({
  probes: [{ sql: "select max(day) from public.loads", on: "warehouse" }],
  every: "1s",
  until: "90m",
  otherwise,
});
const minuteMs = 60_000;

test("a slot waits for its data, and nothing is drawn before it is there", async () => {
  await using morning = await openMorning({ people, config: warehouse, report: { readiness: readiness("skip") } });
  await morning.pool.query(loaded);
  await morning.pool.query("insert into public.loads values ('2026-11-19')");
  await morning.makeDue();
  const asked = morning.log.next("slot.readiness");
  const work = morning.begin();
  expect((await asked).fields).toMatchObject({
    to: "waiting",
    reason: expect.stringContaining("the data is of 2026-11-19, wanted is 2026-11-20"),
  });
  expect(morning.sample.requests.filter(({ path }) => path.startsWith("/views"))).toEqual([]);

  await morning.pool.query("insert into public.loads values ('2026-11-20')");
  await morning.closed();
  await work.stop();
  const email = only(await morning.emails(), "anna@example.com");
  expect(email.text).not.toContain("loaded late");
});

test("at the cut-off late data is sent with a notice, replaced by a note, or skipped, as each report says", async () => {
  await using morning = await openMorning({
    people,
    config: warehouse,
    report: { readiness: readiness("send-with-notice") },
    reports: {
      note: { title: "Note", readiness: readiness("send-late-note") },
      none: { title: "None", readiness: readiness("skip") },
    },
  });
  await morning.pool.query(loaded);
  await morning.pool.query("insert into public.loads values ('2026-11-18')");
  await morning.makeDue();
  const asked = ["daily-sales", "note", "none"].map((report) =>
    morning.log.next("slot.readiness", (fields) => fields["report"] === report),
  );
  const work = morning.begin();
  await Promise.all(asked);
  expect(await morning.emails()).toEqual([]);

  morning.clock.move(89 * minuteMs);
  const again = ["daily-sales", "note", "none"].map((report) =>
    morning.log.next("slot.readiness", (fields) => fields["report"] === report),
  );
  await Promise.all(again);
  expect(await morning.emails()).toEqual([]);

  morning.clock.move(1 * minuteMs);
  await morning.closed();
  await work.stop();

  const emails = await morning.emails();
  expect(emails.map(({ subject }) => subject).sort()).toEqual(
    ["Daily Sales", "Note"].map((title) => `North · ${title} · Fri 20 Nov`),
  );
  const [noticed, noted] = ["Daily Sales", "Note"].map((title) =>
    emails.find(({ subject }) => subject.includes(title)),
  );
  expect(noticed?.text).toMatch(/the figures of Wednesday,? 18 November/);
  expect(noticed?.files.map(({ name }) => name)).toEqual([
    `daily-sales_North_${usualDay}.png`,
    `daily-sales_North_${usualDay}.csv`,
  ]);
  expect(noted?.text).toContain("were not ready in time");
  expect(noted?.files).toEqual([]);
  const skipped = await morning.pool.query("select state, reason from slots where report = 'none'");
  expect(skipped.rows).toEqual([{ state: "skipped", reason: expect.stringContaining("the data was not ready by") }]);
});
