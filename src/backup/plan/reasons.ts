/** Why an archive is kept or removed: data for programs, and the words for people made of it. */
import type { Temporal } from "#model/time.ts";

/** One reason to keep an archive. Dates are `YYYY-MM-DD`; weeks and months are named by their first day. */
export type KeepReason =
  | { readonly rule: "newest"; readonly nth: number }
  | { readonly rule: "daily"; readonly nth: number }
  /** `instead`: no good archive of the week's first day, so the next one stands for it. */
  | { readonly rule: "weekly"; readonly week: string; readonly instead: boolean }
  | { readonly rule: "monthly"; readonly month: string; readonly instead: boolean }
  | { readonly rule: "this-run" }
  | { readonly rule: "pinned"; readonly why: string }
  | { readonly rule: "locked"; readonly until: Temporal.Instant }
  /** Not verified, and too young to be judged. */
  | { readonly rule: "young" }
  /** Not verified, but all there is of a day, week or month that the policy keeps. */
  | { readonly rule: "only-one"; readonly of: string };

/** Why an archive goes: no rule keeps it, another one of its date stands for the day, or it was never verified and isn't needed. */
export type RemoveReason = "outlived" | "replaced" | "unproven";

/** A reason in words: `daily 3`, `monthly 2026-11 (its 2nd; none of the 1st)`. */
export const reasonInWords = (reason: KeepReason): string => {
  switch (reason.rule) {
    case "newest":
      return `newest ${reason.nth}`;
    case "daily":
      return `daily ${reason.nth}`;
    case "weekly":
      return `weekly ${reason.week}${reason.instead ? " (none of that day)" : ""}`;
    case "monthly":
      return `monthly ${reason.month.slice(0, 7)}${reason.instead ? ` (none of ${reason.month})` : ""}`;
    case "this-run":
      return "made just now";
    case "pinned":
      return `pinned: ${reason.why}`;
    case "locked":
      return `locked until ${reason.until.toString().slice(0, 10)}`;
    case "young":
      return "not verified, younger than 7 days";
    case "only-one":
      return `not verified, but the only one of its ${reason.of}`;
  }
};

/** The same for a removal. */
export const removalInWords = (reason: RemoveReason): string => {
  switch (reason) {
    case "outlived":
      return "older than what the retention keeps";
    case "replaced":
      return "a later archive of the same date is kept";
    case "unproven":
      return "never verified, and a verified one stands for its time";
  }
};
