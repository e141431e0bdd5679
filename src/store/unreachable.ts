import { Fault } from "#model/fault.ts";
import { postgresCode, postgresTrouble, postgresWords } from "#runtime/postgres.ts";

/** A deadlock, and two transactions that can't both be: Postgres ended one of them, and it may simply be tried again. */
const conflicts = new Set(["40P01", "40001"]);

/** A connection holds a statement as it was before a table was changed, by another version of Daybreak for example; a new one doesn't. */
const isOutdated = (cause: unknown): boolean =>
  postgresCode(cause) === "0A000" && /cached plan must not change result type/.test(postgresWords(cause));

/** The fault behind an error of the driver: the database is away, refuses the sign-in, is full, or took too long; `null`: Postgres' own answer. */
export const faultOfDatabase = (cause: unknown): Fault | null => {
  const words = postgresWords(cause);
  // After a failover the pool may still hold connections to the server that is now read-only.
  const isStandby = postgresCode(cause) === "25006";
  if (conflicts.has(postgresCode(cause))) {
    const hint = "two processes wanted the same rows in different order; it is tried again by itself";
    return new Fault("store.unreachable", `The database ended a statement: ${words}`, { hint, retry: "later", cause });
  }
  if (isOutdated(cause)) {
    const hint = "a table was changed while Daybreak ran; it is tried again by itself";
    return new Fault("store.unreachable", `The database refused a statement: ${words}`, {
      hint,
      retry: "later",
      cause,
    });
  }
  switch (isStandby ? "away" : postgresTrouble(cause)) {
    case "refused": {
      const hint = "check the setting `database` (DATABASE_URL): user, password and name";
      return new Fault("store.unreachable", `The database refuses the sign-in: ${words}`, { hint, cause });
    }
    case "timeout": {
      const hint = "the statement waited or worked longer than its limit; look for locks and for a slow disk";
      return new Fault("run.timeout", `A database statement was ended: ${words}`, { hint, retry: "later", cause });
    }
    case "full": {
      const hint = "make room on the database's disk; work goes on by itself when there is some";
      return new Fault("store.unreachable", `The database's disk is full: ${words}`, { hint, retry: "later", cause });
    }
    case "away": {
      const hint =
        "check that Postgres runs and that the setting `database` (DATABASE_URL) names it; work goes on by itself when it is back";
      return new Fault("store.unreachable", `The database doesn't answer: ${words}`, { hint, retry: "later", cause });
    }
    case null:
      return null;
  }
};
