/** Decides which archives of a backup stay and which go, each with its reason, and whether anything may go at all. */
import { DAY_MS } from "#backup/plan/days.ts";
import { type Dated, datedNewestFirst, floor, keptByPolicy, lastOfEachDay, periodsOf } from "#backup/plan/keeps.ts";
import { type Refusal, refusalsOf } from "#backup/plan/rails.ts";
import type { KeepReason, RemoveReason } from "#backup/plan/reasons.ts";
import type { Archive, Retention } from "#model/backup.ts";
import type { Temporal } from "#model/time.ts";

/** What the bucket itself shows of a backup. */
export interface Listing {
  /** Keys of archives. */
  readonly archives: ReadonlySet<string>;
  /** Keys of archives that have a manifest. */
  readonly manifests: ReadonlySet<string>;
}

/** An archive, and when its bytes were last read. */
export interface KnownArchive extends Archive {
  readonly lastReadAt?: Temporal.Instant | null;
}

/** What is known when a rotation is planned. */
export interface RotationFacts {
  /** All archives of the backup that the catalogue knows and whose names are its own; none that was removed. */
  readonly archives: readonly KnownArchive[];
  readonly listing: Listing;
  /** Manifests that are there and can't be read. */
  readonly unreadable: readonly { readonly key: string; readonly words: string }[];
  readonly retention: Retention;
  /** By which archives were last allowed to be removed; `null`: none was. */
  readonly approved: Retention | null;
  /** An operator has just approved `retention`. */
  readonly confirmed: boolean;
  readonly now: Temporal.Instant;
  /** The bucket's own clock at the same moment; `null`: it has none of its own. */
  readonly serverNow: Temporal.Instant | null;
  /** The archive that the run which rotates has made and verified; `null`: an operator rotates. */
  readonly thisRun: string | null;
  /** Date of the newest slot that must have its verified archive by now; `null`: none must. */
  readonly owed: string | null;
  /** So many may be removed at once, beyond what may be without a word; `null`: no more. */
  readonly allowDelete: number | null;
}

/** An archive that stays, with every reason. */
export interface Keep {
  readonly key: string;
  readonly reasons: readonly KeepReason[];
}

/** An archive that goes. */
export interface Remove {
  readonly key: string;
  readonly reason: RemoveReason;
}

/** The decision. With a refusal nothing is removed; `remove` then says what would have been. */
export interface Rotation {
  readonly keep: readonly Keep[];
  readonly remove: readonly Remove[];
  readonly refusals: readonly Refusal[];
}

/**
 * What isn't verified isn't judged before it is this old, by the newest verified archive as by the clock; what was found broken
 * is kept so long for whoever wants to look at it.
 */
const youngDays = 7;

/** Plans a rotation. Both lists are in the order of the archives' dates, newest first. */
export const planRotation = (facts: RotationFacts): Rotation => {
  const all = datedNewestFirst(facts.archives);
  const verified = all.filter(({ archive }) => counts(archive, facts));
  const policy = keptByPolicy(verified, facts.retention);
  const lastOfDay = new Set(lastOfEachDay(verified));
  const stoodFor = periodsStoodFor(verified, facts.retention);
  const keep: Keep[] = [];
  const remove: Remove[] = [];
  for (const one of all) {
    const { key } = one.archive;
    const isVerified = counts(one.archive, facts);
    const byRule = isVerified ? (policy.get(key) ?? []) : unprovenReasons(one, { facts, verified, stoodFor });
    const reasons = [...byRule, ...standingReasons(one.archive, facts)];
    if (reasons.length > 0) keep.push({ key, reasons });
    else remove.push({ key, reason: isVerified ? removal(one, lastOfDay) : "unproven" });
  }
  const removing = remove.map(({ key }) => key);
  const newest = [...verified.slice(0, floor), ...lastOfEachDay(verified).slice(0, floor)].map(
    ({ archive }) => archive.key,
  );
  return { keep, remove, refusals: refusalsOf(facts, { verified, removing, newest }) };
};

/** Only what was read back, is there and has its manifest stands for a day, a week or a month. */
const counts = ({ key, state }: Archive, { listing }: RotationFacts): boolean =>
  state === "verified" && listing.archives.has(key) && listing.manifests.has(key);

/** Reasons that no age outweighs. */
const standingReasons = (
  { key, pin, lockedUntil }: Archive,
  { thisRun, now }: RotationFacts,
): readonly KeepReason[] => [
  ...(key === thisRun ? [{ rule: "this-run" } as const] : []),
  ...(pin === null ? [] : [{ rule: "pinned", why: pin } as const]),
  ...(lockedUntil !== null && lockedUntil.epochMilliseconds > now.epochMilliseconds
    ? [{ rule: "locked", until: lockedUntil } as const]
    : []),
];

const removal = (one: Dated, lastOfDay: ReadonlySet<Dated>): RemoveReason =>
  lastOfDay.has(one) ? "outlived" : "replaced";

/** The days, weeks and months for which there is a verified archive. */
const periodsStoodFor = (verified: readonly Dated[], retention: Retention): ReadonlySet<number> => {
  const anchor = verified[0]?.day ?? 0;
  return new Set(verified.flatMap((one) => periodsOf(one, anchor, retention).map(({ id }) => id)));
};

const brokenMs = ({ state, lastReadAt }: KnownArchive): number =>
  state === "broken" ? (lastReadAt?.epochMilliseconds ?? -Infinity) : -Infinity;

interface UnprovenParts {
  readonly facts: RotationFacts;
  readonly verified: readonly Dated[];
  readonly stoodFor: ReadonlySet<number>;
}

/**
 * An archive that isn't verified never stands for anything, but nothing is thrown away that may be all there is: it stays while it
 * is young, while no verified one is newer, and while no verified one stands for its day, week and month.
 */
const unprovenReasons = (one: Dated<KnownArchive>, parts: UnprovenParts): readonly KeepReason[] => {
  const { facts, verified, stoodFor } = parts;
  const anchor = verified[0]?.day ?? -Infinity;
  const young = facts.now.epochMilliseconds - youngDays * DAY_MS;
  if (one.day > anchor - youngDays || one.madeMs > young || brokenMs(one.archive) > young) return [{ rule: "young" }];
  const alone = periodsOf(one, anchor, facts.retention).find(({ id }) => !stoodFor.has(id));
  return alone === undefined ? [] : [{ rule: "only-one", of: alone.kind }];
};
