/** Random histories of a backup: nights that fail, doubles, back-fills, wrong clocks, changed policies, lost objects, and prunes in between. */
import { planRotation, type Rotation, type RotationFacts } from "#backup/plan.ts";
import type { Archive, ArchiveState, Retention } from "#model/backup.ts";
import { instantOf } from "#model/time.ts";
import { usual } from "./archives.ts";
import { type Chance, chanceOf } from "./chance.ts";
import { dateOfDay, dayOfDate, goodOnes, isGood, keptByModel, mustRefuse, windowsOf } from "./model.ts";

/** What a history was like, and what in it should never have happened. */
export interface History {
  readonly violations: readonly string[];
  readonly prunes: number;
  readonly refused: number;
  readonly removed: number;
}

interface World {
  readonly chance: Chance;
  readonly archives: Map<string, Archive>;
  /** Objects that the bucket really has. */
  readonly stored: Set<string>;
  readonly failing: number;
  policy: Retention;
  approved: Retention | null;
  day: number;
  /** How far this machine's clock is off, in days. */
  clockOff: number;
}

/** Tells a history from a seed. */
export const historyOf = (seed: number): History => {
  const chance = chanceOf(seed);
  const world: World = {
    chance,
    archives: new Map(),
    stored: new Set(),
    failing: chance.of([0, 0.05, 0.3]),
    policy: chance.is(0.5) ? usual : anyPolicy(chance),
    approved: null,
    day: 20_000 + chance.between(0, 800),
    clockOff: 0,
  };
  const told = { violations: [] as string[], prunes: 0, refused: 0, removed: 0 };
  const [nights, most] = [chance.between(3, 40), chance.of([1, 1, 3, 9])];
  for (let night = 0; night < nights; night += 1) {
    world.day += chance.between(1, most);
    const made = liveThrough(world);
    if (!chance.is(0.4)) continue;
    const facts = factsOf(world, made);
    const rotation = planRotation(facts);
    const wrong = violationsOf(facts, rotation);
    told.violations.push(...wrong.map((words) => `seed ${seed}, ${dateOfDay(world.day)}: ${words}`));
    told.prunes += 1;
    if (rotation.refusals.length > 0) told.refused += 1;
    else told.removed += carryOut(world, rotation, facts);
  }
  return told;
};

const anyPolicy = (chance: Chance): Retention => ({
  dailyDays: chance.of([0, 1, 2, 7, 14, 30]),
  weeklyDays: chance.of([0, 14, 60, 180]),
  weekday: chance.of([null, 1, 3, 7, 7]),
  monthlyDays: chance.of([null, null, 90, 400]),
  monthDay: chance.of([1, 1, 15, 28]),
});

/** One night and what befalls the archives meanwhile; the key of what was made, or `null`. */
const liveThrough = (world: World): string | null => {
  const { chance, day } = world;
  if (chance.is(0.03)) world.clockOff = chance.of([1, -1, 3, -40, 400]);
  else if (chance.is(0.5)) world.clockOff = 0;
  let made: string | null = null;
  if (!chance.is(world.failing)) made = put(world, dateOfDay(day + world.clockOff));
  if (chance.is(0.1)) put(world, dateOfDay(day + world.clockOff));
  if (chance.is(0.05)) put(world, dateOfDay(day - chance.between(1, 90)));
  if (chance.is(0.03)) world.policy = anyPolicy(chance);
  befall(world);
  return made;
};

const put = ({ archives, stored, chance, day, clockOff }: World, date: string): string => {
  const madeAt = instantOf((day + clockOff) * 86_400_000 + chance.between(0, 80_000_000));
  const key = `${date}-${archives.size}-${chance.between(0, 1e9)}`;
  const state: ArchiveState = chance.is(0.9) ? "verified" : chance.of(["made", "suspect", "broken"]);
  const verifiedAt = state === "verified" ? madeAt : null;
  const pin = chance.is(0.02) ? "kept by hand" : null;
  const lockedUntil = chance.is(0.04) ? madeAt.add({ hours: 24 * 14 }) : null;
  archives.set(key, { backup: "bi", key, date, madeAt, state, verifiedAt, bytes: 1, sha256: "", pin, lockedUntil });
  stored.add(key);
  return key;
};

/** Bytes rot, suspects are accepted, somebody removes something by hand, and the catalogue is rebuilt after it. */
const befall = ({ archives, stored, chance }: World): void => {
  if (!chance.is(0.15)) return;
  const keys = [...archives.keys()];
  const key = keys[chance.between(0, keys.length - 1)];
  const archive = key === undefined ? undefined : archives.get(key);
  if (archive === undefined || key === undefined) return;
  const fate = chance.of(["rots", "is accepted", "is accepted", "is lost", "is rebuilt", "is rebuilt"]);
  if (fate === "rots") archives.set(key, { ...archive, state: "broken" });
  else if (fate === "is accepted" && archive.state === "suspect") archives.set(key, { ...archive, state: "verified" });
  else if (fate === "is lost") stored.delete(key);
  else for (const lost of keys) if (!stored.has(lost)) archives.delete(lost);
};

const factsOf = (world: World, made: string | null): RotationFacts => {
  const { chance, archives, stored, day, clockOff } = world;
  const listed = new Set(stored);
  if (chance.is(0.02)) for (const key of [...listed].slice(chance.between(0, listed.size))) listed.delete(key);
  const manifests = new Set(listed);
  if (chance.is(0.02)) manifests.delete([...manifests][0] ?? "");
  const apart = chance.of([0, 0, 0, 0, 200_000, -200_000, 400_000]);
  const clock = day * 86_400_000 + 85_000_000;
  return {
    archives: [...archives.values()],
    listing: { archives: listed, manifests },
    unreadable: chance.is(0.01) ? [{ key: "some", words: "version 2" }] : [],
    retention: world.policy,
    approved: world.approved,
    confirmed: chance.is(0.5),
    now: instantOf(clock + clockOff * 86_400_000),
    // A folder has no clock of its own: then only the dates can tell.
    serverNow: chance.is(0.3) ? null : instantOf(clock + apart),
    thisRun: chance.is(0.7) ? made : null,
    owed: chance.is(0.5) ? dateOfDay(day - chance.between(0, 3)) : null,
    allowDelete: chance.of([null, null, 1_000]),
  };
};

const carryOut = (world: World, { remove }: Rotation, facts: RotationFacts): number => {
  for (const { key } of remove) {
    world.archives.delete(key);
    world.stored.delete(key);
  }
  if (remove.length > 0) world.approved = facts.retention;
  return remove.length;
};

/** Everything about a plan that must never be, in words. */
const violationsOf = (facts: RotationFacts, { keep, remove, refusals }: Rotation): readonly string[] => {
  const wrong: string[] = [];
  const byKey = new Map(facts.archives.map((one) => [one.key, one]));
  if (
    keep.length + remove.length !== facts.archives.length ||
    new Set([...keep, ...remove].map(({ key }) => key)).size !== byKey.size
  )
    wrong.push("an archive is in both lists or in none");
  if (keep.some(({ reasons }) => reasons.length === 0)) wrong.push("one is kept without a reason");
  const refuses = mustRefuse(facts, remove.length);
  if (refuses !== refusals.length > 0)
    wrong.push(refuses ? "a rail should have refused" : `refused for nothing: ${refusals[0]?.words}`);
  const kept = keptByModel(facts);
  const going = new Set(remove.map(({ key }) => key));
  const good = goodOnes(facts);
  for (const { key } of good) if (kept.has(key) === going.has(key)) wrong.push(`${key}: the model decides otherwise`);
  for (const { key } of good.slice(0, 3)) if (going.has(key)) wrong.push(`${key}: one of the three newest goes`);
  if (refusals.length === 0) wrong.push(...periodsLost(good, going, facts));
  wrong.push(...wronglyUnproven(facts, going));
  return wrong;
};

/** Days, weeks and months in the policy's window that had a verified archive and have none left. */
const periodsLost = (
  good: readonly Archive[],
  going: ReadonlySet<string>,
  { retention }: RotationFacts,
): readonly string[] => {
  const anchor = dayOfDate(good[0]?.date ?? "1970-01-01");
  const had = new Set<string>();
  const has = new Set<string>();
  for (const { key, date } of good) {
    for (const window of windowsOf(dayOfDate(date), anchor, retention)) {
      if (window === null) continue;
      had.add(window);
      if (!going.has(key)) has.add(window);
    }
  }
  return [...had].filter((window) => !has.has(window)).map((window) => `${window} has no archive left`);
};

const wronglyUnproven = (facts: RotationFacts, going: ReadonlySet<string>): readonly string[] => {
  const weekAgo = facts.now.epochMilliseconds - 7 * 86_400_000;
  return facts.archives
    .filter(
      (one) =>
        going.has(one.key) && (one.pin !== null || (!isGood(one, facts) && one.madeAt.epochMilliseconds > weekAgo)),
    )
    .map(({ key }) => `${key}: pinned, or younger than a week and never verified`);
};
