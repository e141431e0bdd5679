/** Archives for tests of the rotation. */
import { planRotation, type Rotation, type RotationFacts } from "#backup/plan.ts";
import type { Archive, Retention } from "#model/backup.ts";
import { Temporal } from "#model/time.ts";

/** The original script's policy: 14 days, Sundays for 180 days, day 01 for ever. */
export const usual: Retention = { dailyDays: 14, weeklyDays: 180, weekday: 7, monthlyDays: null, monthDay: 1 };

/** A verified archive of a date, made at two in the morning of it. */
export const archiveOf = (date: string, more: Partial<Archive> = {}): Archive => {
  const madeAt = Temporal.Instant.from(`${date}T02:00:00Z`);
  return {
    backup: "bi",
    key: `bi/${date.slice(0, 4)}/${date.slice(5, 7)}/bi-${date}.tsbak`,
    date,
    madeAt,
    state: "verified",
    verifiedAt: madeAt,
    bytes: 1_000,
    sha256: "0".repeat(64),
    pin: null,
    lockedUntil: null,
    ...more,
  };
};

/** A verified archive of each of some days up to a date, the newest first. */
export const nightly = (until: string, nights: number): readonly Archive[] => {
  const last = Temporal.PlainDate.from(until);
  return Array.from({ length: nights }, (_, back) => archiveOf(last.subtract({ days: back }).toString()));
};

/** Facts in which nothing stands against a removal, an hour after the newest archive was made. */
export const factsOf = (archives: readonly Archive[], more: Partial<RotationFacts> = {}): RotationFacts => {
  const newest =
    archives
      .map(({ date }) => date)
      .sort()
      .at(-1) ?? "2000-01-01";
  const keys = new Set(archives.map(({ key }) => key));
  return {
    archives,
    listing: { archives: keys, manifests: keys },
    unreadable: [],
    retention: usual,
    approved: usual,
    confirmed: false,
    now: Temporal.Instant.from(`${newest}T03:00:00Z`),
    serverNow: null,
    thisRun: null,
    owed: null,
    allowDelete: 10_000,
    ...more,
  };
};

/** Plans a rotation in which nothing stands against a removal. */
export const rotated = (archives: readonly Archive[], more: Partial<RotationFacts> = {}): Rotation =>
  planRotation(factsOf(archives, more));

/** The dates of what is kept, newest first. */
export const keptDates = ({ keep }: Rotation): readonly string[] => keep.map(({ key }) => key.slice(-16, -6));
