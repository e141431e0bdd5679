import { expect, test } from "vitest";
import { changeMode } from "#actions/live.ts";
import { openApp } from "#app.ts";
import { Temporal } from "#model/time.ts";
import { testClock } from "../support/clock.ts";
import { keptLog } from "../support/kept-log.ts";
import { allRoles, openPlace, untilClosed } from "../support/morning.ts";

const zones = { "berlin@example.com": "Europe/Berlin", "york@example.com": "America/New_York" } as const;
const people = [
  "email,name,region,zone",
  ...Object.entries(zones).map(([email, zone]) => `${email},${zone},North,${zone}`),
].join("\n");

/** Days whose nights have 25 or 23 hours somewhere, each from the evening before until the next evening in UTC. */
const nights = ["2026-03-08", "2026-03-29", "2026-10-25", "2026-11-01"];
const stepMinutes = 30;
const steps = (24 * 60) / stepMinutes;

test("on nights in which clocks change in Berlin or New York each gets one email, at the right time on the wall", async () => {
  await using place = await openPlace({
    people,
    report: {
      at: { at: "daily 02:30", zone: "recipient" },
      formats: ["png"],
      facts: [{ name: "orders", csv: "count()" }],
    },
  });
  const clock = testClock("2026-03-01T12:00:00Z");
  const log = keptLog();
  await using app = await openApp(await place.config(), { log, clock });
  await changeMode({ report: "daily-sales", mode: "live", by: "test" }, app);
  await app.parts.readLists(app.config.reports[0] ?? expect.fail("no report"));
  const work = app.work({ roles: allRoles, occasion: null });
  for (const night of nights) {
    clock.set(
      Temporal.PlainDate.from(night)
        .subtract({ days: 1 })
        .toZonedDateTime({ timeZone: "UTC", plainTime: "20:00" })
        .toInstant(),
    );
    for (let step = 0; step < steps; step += 1) {
      // Asked twice for one minute, as two daemons do.
      await Promise.all([app.parts.tick(), app.parts.tick()]);
      if ((await place.pool.query("select 1 from slots where state not in ('closed', 'skipped')")).rows.length > 0) {
        await untilClosed(place.pool, log);
      }
      clock.move(stepMinutes * 60_000);
    }
  }
  await work.stop();

  const seen = (await place.emails()).map(({ to, headers, text }) => {
    const address = to[0] as keyof typeof zones;
    const at = Temporal.Instant.fromEpochMilliseconds(Date.parse(headers.get("date") ?? "")).toZonedDateTimeISO(
      zones[address],
    );
    return [
      address,
      at.toPlainDateTime().toString({ smallestUnit: "minute" }),
      /^(\w+), (\d+ \w+ \d+)/m.exec(text)?.[2],
    ];
  });
  const sorted = seen.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  expect(sorted).toEqual([
    ["berlin@example.com", "2026-03-08T02:30", "8 March 2026"],
    // 02:30 doesn't exist in this night: it is due when the clocks have gone on.
    ["berlin@example.com", "2026-03-29T03:00", "29 March 2026"],
    // 02:30 comes twice in this night: it is due the first time.
    ["berlin@example.com", "2026-10-25T02:30", "25 October 2026"],
    ["berlin@example.com", "2026-11-01T02:30", "1 November 2026"],
    ["york@example.com", "2026-03-08T03:00", "8 March 2026"],
    ["york@example.com", "2026-03-29T02:30", "29 March 2026"],
    ["york@example.com", "2026-10-25T02:30", "25 October 2026"],
    ["york@example.com", "2026-11-01T02:30", "1 November 2026"],
  ]);
  const offsets = (await place.emails()).map(({ headers }) => new Date(headers.get("date") ?? "").toISOString());
  expect(offsets).toContain("2026-10-25T00:30:00.000Z");
  expect(offsets).toContain("2026-11-01T07:30:00.000Z");
});
