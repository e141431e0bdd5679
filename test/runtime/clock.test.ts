import { expect, test } from "vitest";
import { later, msBetween } from "#model/time.ts";
import { sharedClock, systemClock } from "#runtime/clock.ts";
import { agreeOnTime } from "#store/time.ts";
import { testClock } from "../support/clock.ts";
import { freshDatabase } from "../support/database.ts";

test("a shared clock goes by the machine's until another time was agreed on, and then goes on from that", async () => {
  const clock = sharedClock();
  expect(Math.abs(msBetween(clock.now(), systemClock.now()))).toBeLessThan(1_000);
  clock.agree?.(later(systemClock.now(), 3_600_000));
  const first = msBetween(systemClock.now(), clock.now());
  expect(first).toBeGreaterThan(3_599_000);
  await new Promise((done) => setTimeout(done, 30));
  expect(Math.abs(msBetween(systemClock.now(), clock.now()) - first)).toBeLessThan(20);
});

test("a machine whose clock is an hour ahead works by the database's; a test's clock is left alone", async () => {
  await using database = await freshDatabase();
  const clock = sharedClock();
  clock.agree?.(later(systemClock.now(), 3_600_000));
  await agreeOnTime(database.pool, clock);
  expect(Math.abs(msBetween(clock.now(), systemClock.now()))).toBeLessThan(1_000);
  const own = testClock("2026-11-20T05:59:30Z");
  await agreeOnTime(database.pool, own);
  expect(own.now().toString()).toBe("2026-11-20T05:59:30Z");
});
