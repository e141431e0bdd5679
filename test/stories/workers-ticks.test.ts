import { expect, test } from "vitest";
import { openApp } from "#app.ts";
import { Temporal } from "#model/time.ts";
import { testClock } from "../support/clock.ts";
import { keptLog } from "../support/kept-log.ts";
import { openPlace } from "../support/morning.ts";

const ticks = 100;

test("two daemons that tick in the same minutes make each slot exactly once", async () => {
  const people = "email,name,region\na@example.com,Anna,North\n";
  await using place = await openPlace({ people, report: { at: { cron: "* * * * *" }, audienceGuard: "off" } });
  const clock = testClock("2026-11-20T05:59:30Z");
  const log = keptLog();
  const open = async () => openApp(await place.config(), { log, clock, isPatient: true });
  await using first = await open();
  await using second = await open();
  const [report] = first.config.reports;
  if (report === undefined) throw new Error("no report");
  await first.parts.readLists(report);
  const both = () => Promise.all([first.parts.tick(), second.parts.tick(), second.parts.tick()]);
  await both();
  clock.set(Temporal.Instant.from("2026-11-20T06:00:00Z"));
  let made = 0;
  for (let n = 0; n < ticks; n += 1) {
    made += (await both()).reduce((sum, one) => sum + one, 0);
    clock.move(60_000);
  }
  const { rows } = await place.pool.query(
    "select count(*)::int as slots, count(distinct nominal)::int as times from slots",
  );
  console.log(`${ticks} minutes, two daemons: slots / made / N: ${JSON.stringify(rows[0])} / ${made} / ${ticks}`);
  expect(rows).toEqual([{ slots: ticks, times: ticks }]);
  expect(made).toBe(ticks);
  expect(log.troubles()).toEqual([]);
});
