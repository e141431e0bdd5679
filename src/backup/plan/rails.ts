/** When nothing may be removed, whatever the policy says. Each rail refuses the whole removal, in a sentence that names what to do. */
import { DAY_MS, dayOf } from "#backup/plan/days.ts";
import type { Dated } from "#backup/plan/keeps.ts";
import { keepsAllOf, keepsNothing, retentionInWords } from "#backup/plan/policy.ts";
import type { RotationFacts } from "#backup/plan.ts";
import { msBetween } from "#model/time.ts";

/** Which rail refused. */
export type Rail =
  | "nothing-verified"
  | "not-fresh"
  | "clock-apart"
  | "future"
  | "listing-lacks"
  | "unknown-manifest"
  | "too-many"
  | "newest"
  | "policy-empty"
  | "policy-shorter"
  | "lock-lost";

/** A rail that refused, with what it saw and what to do about it. */
export interface Refusal {
  readonly rail: Rail;
  readonly words: string;
  readonly hint: string;
}

/** How far the clocks may be apart: S3 itself refuses requests at fifteen minutes, but the SDK corrects its signatures silently. */
const clockMs = 5 * 60_000;

/** A date may be a day ahead of the clock in UTC where the zone is; more than that was named by a wrong clock. */
const futureMs = 26 * 3_600_000;

/** What the plan has worked out when the rails are asked. */
export interface Intent {
  /** Newest first. */
  readonly verified: readonly Dated[];
  /** Keys that would go. */
  readonly removing: readonly string[];
  /** Keys that must never go. */
  readonly newest: readonly string[];
}

/** Every rail that refuses, in the order of their weight. */
export const refusalsOf = (facts: RotationFacts, intent: Intent): readonly Refusal[] =>
  [
    emptyPolicy,
    nothingVerified,
    notFresh,
    clockApart,
    future,
    listingLacks,
    unknownManifest,
    newest,
    tooMany,
    shorter,
  ].flatMap((rail) => rail(facts, intent) ?? []);

type AskRail = (facts: RotationFacts, intent: Intent) => Refusal | null;

const emptyPolicy: AskRail = ({ retention }) =>
  keepsNothing(retention)
    ? {
        rail: "policy-empty",
        words: "The retention keeps nothing: no daily, no weekly and no monthly archives.",
        hint: "set at least one of keep.daily, keep.weekly and keep.monthly",
      }
    : null;

const nothingVerified: AskRail = (_, { verified }) =>
  verified.length === 0
    ? {
        rail: "nothing-verified",
        words: "No archive is verified.",
        hint: "read one back: daybreak backup verify <name>; archives from before Daybreak: daybreak backup adopt <name>",
      }
    : null;

const notFresh: AskRail = ({ thisRun, owed }, { verified }) => {
  const hint = "see what failed: daybreak backup status; make one now: daybreak backup run <name>";
  if (thisRun !== null && !verified.some(({ archive }) => archive.key === thisRun))
    return { rail: "not-fresh", words: `The archive of this run, “${thisRun}”, isn't verified.`, hint };
  const anchor = verified[0];
  if (anchor === undefined || owed === null || anchor.day >= dayOf(owed)) return null;
  return {
    rail: "not-fresh",
    words: `The newest verified archive is of ${anchor.archive.date}; there should be one of ${owed}.`,
    hint,
  };
};

const clockApart: AskRail = ({ now, serverNow }) => {
  if (serverNow === null) return null;
  const apart = Math.abs(msBetween(now, serverNow));
  if (apart <= clockMs) return null;
  return {
    rail: "clock-apart",
    words: `The bucket's clock and this machine's are ${Math.round(apart / 60_000)} minutes apart.`,
    hint: "set the clock right (NTP); until then dates can't be trusted",
  };
};

const future: AskRail = ({ now }, { verified }) => {
  const anchor = verified[0];
  if (anchor === undefined || anchor.day * DAY_MS - now.epochMilliseconds <= futureMs) return null;
  return {
    rail: "future",
    words: `“${anchor.archive.key}” is of ${anchor.archive.date}, which lies in the future: a clock was wrong.`,
    hint: "set the clock right, remove that archive by hand, then: daybreak backup catalog rebuild <name>",
  };
};

const some = (keys: readonly string[]): string =>
  `${keys
    .slice(0, 3)
    .map((key) => `“${key}”`)
    .join(", ")}${keys.length > 3 ? ` and ${keys.length - 3} more` : ""}`;

const listingLacks: AskRail = ({ archives, listing }) => {
  const lacking = archives.flatMap(({ key, state }) => {
    if (!listing.archives.has(key)) return [key];
    // An archive that isn't verified may still be waiting for its manifest, which is written last.
    return state === "verified" && !listing.manifests.has(key) ? [`${key}.manifest.json`] : [];
  });
  if (lacking.length === 0) return null;
  return {
    rail: "listing-lacks",
    words: `The bucket doesn't list what should be there: ${some(lacking)}.`,
    hint: "find out who removed it; if that was right: daybreak backup catalog rebuild <name>",
  };
};

const unknownManifest: AskRail = ({ unreadable }) =>
  unreadable.length === 0
    ? null
    : {
        rail: "unknown-manifest",
        words: `Manifests that this Daybreak can't read: ${unreadable
          .map(({ key, words }) => `“${key}” (${words})`)
          .slice(0, 3)
          .join(", ")}.`,
        hint: "use the newer Daybreak that wrote them, or write them anew: daybreak backup adopt <name>",
      };

const newest: AskRail = (_, { removing, newest: never }) => {
  const wrong = never.filter((key) => removing.includes(key));
  if (wrong.length === 0) return null;
  return {
    rail: "newest",
    words: `The newest archives would be removed: ${some(wrong)}.`,
    hint: "report this as a mistake",
  };
};

const tooMany: AskRail = ({ allowDelete }, { verified, removing }) => {
  const most = Math.max(3, Math.floor(verified.length * 0.2), allowDelete ?? 0);
  if (removing.length <= most) return null;
  return {
    rail: "too-many",
    words: `${removing.length} archives would be removed at once; without a word at most ${most} are.`,
    hint: `look at them: daybreak backup prune <name> --dry-run; then add --allow-delete ${removing.length}`,
  };
};

const shorter: AskRail = ({ retention, approved, confirmed }, { removing }) => {
  if (confirmed || removing.length === 0) return null;
  if (approved !== null && keepsAllOf(approved, retention)) return null;
  const before =
    approved === null ? "Nothing was ever removed by a retention" : `Until now: ${retentionInWords(approved)}`;
  return {
    rail: "policy-shorter",
    words: `${before}. Now: ${retentionInWords(retention) || "nothing"}. Its first removal has to be confirmed.`,
    hint: "look at what would go: daybreak backup prune <name> --dry-run; then add --confirm",
  };
};
