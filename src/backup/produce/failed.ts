import { Fault, type Retry } from "#model/fault.ts";

interface Details {
  readonly hint?: string;
  /** Default: later, since most of what goes wrong at night goes well the next time. */
  readonly retry?: Retry;
  readonly cause?: unknown;
  /** The command's own last words, which are added to the sentence. */
  readonly words?: string;
}

/** As much of the last words as a record and an email can show. */
const LONGEST = 2_000;

/** The fault of an archive that could not be made. */
export const failed = (what: string, details: Details = {}): Fault => {
  const {
    hint = "read its own words, and run it by hand as the same user",
    retry = "later",
    cause,
    words = "",
  } = details;
  const said = words.trim() === "" ? "" : ` Its last words: ${words.trim().slice(-LONGEST)}`;
  return new Fault("backup.produce", `${what}${said}`, { hint, retry, ...(cause === undefined ? {} : { cause }) });
};

/** True for what a full disk or a used-up quota says. */
export const isDiskFull = (error: unknown): boolean =>
  error instanceof Error && "code" in error && (error.code === "ENOSPC" || error.code === "EDQUOT");
