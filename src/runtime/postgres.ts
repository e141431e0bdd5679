import { wordsOf } from "#model/fault.ts";

const lost = new Set(
  [
    ["ECONNREFUSED", "ECONNRESET", "EPIPE", "ETIMEDOUT"],
    ["ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH"],
  ].flat(),
);

/** SQLSTATEs of a server that is going, coming, standing by, or full. */
const away = new Set(["57P01", "57P02", "57P03", "57P05", "53300", "53400", "25P03"]);

/** SQLSTATEs of a sign-in that will not succeed by itself. */
const refused = new Set(["28000", "28P01", "3D000"]);

const lostWords =
  /connection terminated|timeout exceeded when trying to connect|connection error and is not queryable|query read timeout|connection ended|client was closed/i;

/** What stands behind an error of the Postgres driver; `null`: Postgres' own answer to the statement. */
export type PostgresTrouble = "away" | "refused" | "timeout" | "full" | null;

/** Tells a database that is away from one that refuses the sign-in or whose disk is full, and these from a statement over its time. */
export const postgresTrouble = (error: unknown): PostgresTrouble => {
  const code = postgresCode(error);
  if (refused.has(code)) return "refused";
  if (code === "57014") return "timeout";
  if (code === "53100") return "full";
  return lost.has(code) || away.has(code) || code.startsWith("08") || lostWords.test(wordsOf(error)) ? "away" : null;
};

/** SQLSTATE or the system's code. Several addresses of one host that all refuse arrive as one error with errors inside. */
export const postgresCode = (error: unknown): string => {
  if (error instanceof AggregateError) return postgresCode(error.errors[0]);
  if (typeof error !== "object" || error === null || !("code" in error)) return "";
  return String(error.code);
};

/** The error in words, which an error without words hides in its code. */
export const postgresWords = (error: unknown): string =>
  (error instanceof Error ? error.message : "") || postgresCode(error) || wordsOf(error);
