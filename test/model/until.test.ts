import { expect, test } from "vitest";
import { Temporal } from "#model/time.ts";
import { readUntil } from "#model/until.ts";

const now = Temporal.Instant.from("2026-11-20T06:00:00Z");

test.each([
  ["90m", "2026-11-20T07:30:00Z"],
  ["2h", "2026-11-20T08:00:00Z"],
  ["1d", "2026-11-21T06:00:00Z"],
  ["08:30", "2026-11-20T07:30:00Z"],
  ["6:30", "2026-11-21T05:30:00Z"],
  ["2026-11-23", "2026-11-22T23:00:00Z"],
  ["2026-11-23 08:30", "2026-11-23T07:30:00Z"],
  ["2026-11-23T08:30:00Z", "2026-11-23T08:30:00Z"],
  ["2026-11-23 08:30+02:00", "2026-11-23T06:30:00Z"],
])("“%s” is read as an operator in Berlin means it", (text, wanted) => {
  expect(readUntil(text, now, "Europe/Berlin")?.toString()).toBe(wanted);
});

test.each(["", "soon", "25:00", "2026-13-01", "2020-01-01", "2026-11-20 06:59", "-5m", "08:30 pm"])(
  "“%s” is no time to come",
  (text) => {
    expect(readUntil(text, now, "Europe/Berlin")).toBeNull();
  },
);
