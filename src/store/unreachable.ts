import { Fault, wordsOf } from "#model/fault.ts";

const lost = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
]);

/** SQLSTATEs of a server that is going, coming, standing by, or full. */
const away = new Set(["57P01", "57P02", "57P03", "57P05", "53300", "53400", "25006", "25P03"]);

/** SQLSTATEs of a sign-in that will not succeed by itself. */
const refused = new Set(["28000", "28P01", "3D000"]);

const lostWords =
  /connection terminated|timeout exceeded when trying to connect|connection error and is not queryable|query read timeout|connection ended/i;

/** The fault behind an error of the driver: the database is away, refuses the sign-in, or took too long; `null`: Postgres' own answer. */
export const faultOfDatabase = (error: unknown): Fault | null => {
  const code = codeOf(error);
  const words = wordsOf(error) || code;
  if (refused.has(code)) {
    const hint = "check the setting `database` (DATABASE_URL): user, password and name";
    return new Fault("store.unreachable", `The database refuses the sign-in: ${words}`, { hint, cause: error });
  }
  if (code === "57014") {
    const hint = "the statement waited or worked longer than its limit; look for locks and for a slow disk";
    return new Fault("run.timeout", `A database statement was ended: ${words}`, { hint, retry: "later", cause: error });
  }
  if (!lost.has(code) && !away.has(code) && !code.startsWith("08") && !lostWords.test(words)) return null;
  const hint =
    "check that Postgres runs and that the setting `database` (DATABASE_URL) names it; work goes on by itself when it is back";
  return new Fault("store.unreachable", `The database doesn't answer: ${words}`, {
    hint,
    retry: "later",
    cause: error,
  });
};

/** Several addresses of one host that all refuse arrive as one error with errors inside. */
const codeOf = (error: unknown): string => {
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  if (typeof error !== "object" || error === null || !("code" in error)) return "";
  return String(error.code);
};
