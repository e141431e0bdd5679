/** What rotation would do by the catalogue alone, without a look at the bucket: for lists and pages, never for a removal. */

import type { KeepReason } from "#backup/plan/reasons.ts";
import { planRotation, type Rotation, type RotationFacts } from "#backup/plan.ts";

/** What an outlook is made from. */
export type OutlookFacts = Pick<RotationFacts, "archives" | "retention" | "approved" | "now" | "owed">;

/** Plans as if the bucket had exactly what the catalogue says. Missing archives are among the refusals. */
export const outlookOf = (facts: OutlookFacts): Rotation => {
  const there = new Set(facts.archives.filter(({ state }) => state !== "missing").map(({ key }) => key));
  const nothing = { unreadable: [], confirmed: false, serverNow: null, thisRun: null, allowDelete: null };
  return planRotation({ ...facts, ...nothing, listing: { archives: there, manifests: there } });
};

const order: readonly KeepReason["rule"][] = [
  ...(["daily", "weekly", "monthly", "newest", "this-run"] as const),
  ...(["pinned", "locked", "young", "only-one"] as const),
];

/** How many archives are kept by which rule; one that several keep counts for the first of them, so that the counts add up. */
export const countsByRule = ({ keep }: Rotation): ReadonlyMap<KeepReason["rule"], number> => {
  const firsts = keep.map(({ reasons }) => order.find((rule) => reasons.some((one) => one.rule === rule)));
  const counts = order.map((rule) => [rule, firsts.filter((first) => first === rule).length] as const);
  return new Map(counts.filter(([, count]) => count > 0));
};
