/**
 * `npm run bench -- rotation`: three years of nights, some of which fail, under the original script's rule and under ours, and what is left of
 * them. The original's, taken literally: copies of the last 14 days, Sundays of the last 180, each day 01 for ever, all else removed each night,
 * whatever happened before. `--small`: a tenth of the seeds.
 */
import { parseArgs } from "node:util";
import { planRotation } from "#backup/plan.ts";
import { Temporal } from "#model/time.ts";
import { archiveOf, factsOf } from "../test/backup/archives.ts";
import { chanceOf } from "../test/backup/chance.ts";
import { conclude, tell } from "./support/figures.ts";

const { values } = parseArgs({ options: { small: { type: "boolean", default: false } } });
const seeds = values.small ? 5 : 50;
const first = Temporal.PlainDate.from("2024-01-01");
const nights = 1_096;

/** A date with what both rules ask of it. */
interface Night {
  readonly n: number;
  readonly date: string;
  readonly isSunday: boolean;
  readonly isFirst: boolean;
  readonly month: string;
  /** Number of its week, Sunday to Saturday. */
  readonly week: number;
}

const calendar: readonly Night[] = Array.from({ length: nights + 500 }, (_, n) => {
  const date = first.add({ days: n });
  // The first Monday of 2024 is the first day of all.
  return {
    n,
    date: date.toString(),
    isSunday: n % 7 === 6,
    isFirst: date.day === 1,
    month: date.toString().slice(0, 7),
    week: Math.floor((n + 1) / 7),
  };
});

/** A rule at work: which nights it still has. */
interface Keeping {
  /** A night that went well, or `null`, and the rotation after it. */
  night(made: Night | null, today: Night): void;
  kept(): readonly Night[];
}

const originals = (): Keeping => {
  let kept: readonly Night[] = [];
  return {
    night: (made, today) => {
      const all = made === null ? kept : [...kept, made];
      kept = all.filter(({ n, isSunday, isFirst }) => today.n - n < 14 || (isSunday && today.n - n < 180) || isFirst);
    },
    kept: () => kept,
  };
};

const ours = (): Keeping => {
  let kept: readonly Night[] = [];
  return {
    // Nothing is removed in a night without a proven archive.
    night: (made, today) => {
      if (made === null) return;
      const archives = [...kept, made].map(({ date }) => archiveOf(date));
      const thisRun = archives.at(-1)?.key ?? null;
      const now = Temporal.Instant.from(`${today.date}T03:00:00Z`);
      const { remove, refusals } = planRotation(factsOf(archives, { now, thisRun, allowDelete: null }));
      const going = new Set(refusals.length > 0 ? [] : remove.map(({ key }) => key.slice(-16, -6)));
      kept = [...kept, made].filter(({ date }) => !going.has(date));
    },
    kept: () => kept,
  };
};

const rules = { theirs: originals, ours } as const;

/** Periods that had an archive, and those of them that have none left. */
const lostOf = (made: readonly Night[], kept: readonly Night[], periodOf: (night: Night) => string | number | null) => {
  const had = new Set(made.map(periodOf).filter((period) => period !== null));
  const has = new Set(kept.map(periodOf));
  return { had: had.size, lost: [...had].filter((period) => !has.has(period)).length };
};

const live = (keeping: Keeping, wentWell: (night: Night) => boolean): readonly Night[] => {
  const made: Night[] = [];
  for (const today of calendar.slice(0, nights)) {
    const isGood = wentWell(today);
    if (isGood) made.push(today);
    keeping.night(isGood ? today : null, today);
  }
  return made;
};

const sums = { theirs: 0, ours: 0 };
for (const rate of [0, 0.02, 0.05, 0.2]) {
  const told = { theirs: { months: 0, weeks: 0 }, ours: { months: 0, weeks: 0 } };
  let [months, weeks] = [0, 0];
  for (const name of ["theirs", "ours"] as const) {
    [months, weeks] = [0, 0];
    for (let seed = 1; seed <= seeds; seed += 1) {
      const chance = chanceOf(seed);
      const keeping = rules[name]();
      const made = live(keeping, () => !chance.is(rate));
      const end = nights - 1;
      const byMonth = lostOf(made, keeping.kept(), ({ month }) => month);
      // Weeks that lie wholly in the last 180 days.
      const byWeek = lostOf(made, keeping.kept(), ({ n, week }) => (end - n < 173 ? week : null));
      told[name].months += byMonth.lost;
      told[name].weeks += byWeek.lost;
      months += byMonth.had;
      weeks += byWeek.had;
    }
    sums[name] += told[name].months;
  }
  tell(
    `${String(rate * 100).padStart(3)} % of the nights fail: months lost ${told.theirs.months} (theirs) ${told.ours.months} (ours) of ${months}; weeks lost ${told.theirs.weeks} (theirs) ${told.ours.weeks} (ours) of ${weeks}`,
  );
}

for (const outage of [14, 200]) {
  const left = (["theirs", "ours"] as const).map((name) => {
    const keeping = rules[name]();
    live(keeping, ({ n }) => n < nights - outage);
    const newest = Math.max(...keeping.kept().map(({ n }) => n));
    return `${nights - 1 - newest} days old, ${keeping.kept().length} archives (${name})`;
  });
  tell(`after an outage of ${outage} days the newest is ${left.join("; ")}`);
}

const wrongClock = (["theirs", "ours"] as const).map((name) => {
  const keeping = rules[name]();
  live(keeping, () => true);
  const before = keeping.kept().length;
  const last = calendar[nights];
  const far = calendar[nights + 400];
  if (last !== undefined && far !== undefined) keeping.night(last, far);
  return `${before} → ${keeping.kept().length} (${name})`;
});
tell(`one night with a clock 400 days ahead: archives ${wrongClock.join("; ")}`);

conclude({ bench: "rotation", months_lost_theirs: sums.theirs, months_lost_ours: sums.ours, seeds });
