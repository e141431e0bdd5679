/** What may be done after a fault: `never` try again, try `later`, or `unknown`: it may have happened. */
export type Retry = "never" | "later" | "unknown";

/**
 * Every fault's code, with what it means. docs/errors.md repeats this table and a test compares the two.
 * The part before the dot is the place that raises it.
 */
export const faultCodes = {
  "config.invalid": "The configuration has mistakes; each is listed with its key.",
  "config.unreadable": "The configuration file can't be read or isn't YAML.",
  "config.secret-missing": "A secret named in the configuration is in no environment variable or file.",
  "store.unreachable": "The database doesn't answer.",
  "store.newer-schema": "The database was made by a newer Daybreak than this one.",
  "store.embedded": "The embedded Postgres could not be started.",
  "store.not-found": "A named row doesn't exist.",
  "schedule.invalid": "A schedule can't be read or never fires.",
  "readiness.probe": "A readiness probe could not be asked.",
  "audience.unreadable": "A list of people can't be read.",
  "source.unreachable": "A source doesn't answer.",
  "source.query": "A source refused a query or returned too much.",
  "browser.missing": "No Chromium was found or could be unpacked.",
  "browser.start": "The browser could not be started on this machine.",
  "browser.crashed": "The browser ended or stopped answering.",
  "server.unreachable": "The report server doesn't answer.",
  "server.signin": "The report server refused the sign-in or asked for it again.",
  "server.view-unknown": "The report server has no such view.",
  "server.filter-unknown": "The view has no such filter.",
  "server.host-refused": "The page wanted to go to a host outside the list.",
  "render.error-page": "The report server answered with an error page.",
  "render.blank": "The page drew nothing.",
  "render.not-settled": "The page was not ready in time.",
  "render.tile-broken": "A tile shows an error.",
  "render.too-large": "The page is larger than the limit.",
  "render.export": "The view's CSV could not be had or read.",
  "compose.template": "A template is missing, broken, or wants a variable that it isn't given.",
  "compose.header": "A header value holds a line break or another forbidden character.",
  "compose.too-large": "No step of the size budget made the message small enough.",
  "send.refused": "The mail server refused the message for good.",
  "send.temporary": "The mail server could not take the message now.",
  "send.unavailable": "The mail server takes nothing from this installation at present.",
  "send.unknown": "The mail server may or may not have taken the message.",
  "send.foreign": "This database is a copy, or belongs to another installation; it mails nobody.",
  "alert.untold": "A channel could not tell an alert.",
  "bucket.io": "A file of the store could not be written or read.",
  "bucket.missing": "An object that should be in the bucket is not there.",
  "bucket.unshared": "Two machines share the work, but not the place of pictures and emails.",
  "bucket.exists": "An object is there already and is never replaced.",
  "backup.produce": "The archive could not be made.",
  "backup.upload": "The archive could not be brought into its bucket.",
  "backup.verify": "The archive in the bucket is not what was made.",
  "backup.refused": "Nothing is removed, since that would not be safe.",
  "backup.restore": "The archive could not be brought back.",
  "web.listen": "The address for HTTP can't be listened at.",
  "run.timeout": "A step took longer than its limit.",
  "run.aborted": "The step was ended because the program is stopping.",
  usage: "A command was called with words that it doesn't understand.",
} as const;

/** One of the codes in `faultCodes`. */
export type FaultCode = keyof typeof faultCodes;

/** What a fault is made of, beside its sentence. */
export interface FaultDetails {
  /** What to do about it, naming the setting or the command. */
  readonly hint: string;
  readonly retry?: Retry;
  /** What the other side asked to be left alone for, in milliseconds. */
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

/** The one error class. `message` says what happened; operators also see `hint` and `cause`, recipients see none of it. */
export class Fault extends Error {
  readonly code: FaultCode;
  readonly hint: string;
  readonly retry: Retry;
  readonly retryAfterMs: number | null;

  constructor(code: FaultCode, what: string, { hint, retry = "never", retryAfterMs, cause }: FaultDetails) {
    super(what, cause === undefined ? undefined : { cause });
    this.name = "Fault";
    this.code = code;
    this.hint = hint;
    this.retry = retry;
    this.retryAfterMs = retryAfterMs ?? null;
  }
}

/** True when `error` is a `Fault`, with `code` where one is named. */
export const isFault = (error: unknown, code?: FaultCode): error is Fault =>
  error instanceof Fault && (code === undefined || error.code === code);

/** An error's own words on one line, for logs and records; never shown to recipients. */
export const wordsOf = (error: unknown): string =>
  error instanceof Error ? error.message || error.name : String(error);
