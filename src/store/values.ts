import pg from "pg";
import { Temporal } from "#model/time.ts";

/** A value as the driver takes it: it would send an instant as JSON, in quotes. */
export const asParameter = (value: unknown): unknown => (value instanceof Temporal.Instant ? value.toString() : value);

type Reader = (text: string) => unknown;

/** What Postgres knows and nobody means: “infinity”, and years with more or fewer digits than four. */
const outermost = (text: string): Temporal.Instant =>
  Temporal.Instant.from(/^-|BC$/.test(text) ? "0001-01-01T00:00:00Z" : "9999-12-31T00:00:00Z");

/** A row that somebody wrote by hand mustn't stop all others that are read with it. */
const instantOfText: Reader = (text) => {
  try {
    return Temporal.Instant.from(text);
  } catch {
    return outermost(text);
  }
};
const asText: Reader = (text) => text;

/** `YYYY-MM-DD`, so that dates can be compared as texts: the year 20226 would come before 2026. */
const dateOfText: Reader = (text) => (/^\d{4}-\d\d-\d\d$/.test(text) ? text : outermost(text).toString().slice(0, 10));

/** `text[]`: the driver's declared types name no arrays. */
const textArray = 1009 as Parameters<typeof pg.types.getTypeParser>[0];

const arrayOf =
  (read: Reader): Reader =>
  (text) => {
    const items: (string | null)[] = pg.types.getTypeParser(textArray)(text);
    return items.map((item) => (item === null ? null : read(item)));
  };

/** By the type numbers of Postgres' catalogue, which never change. */
const readers: ReadonlyMap<number, Reader> = new Map<number, Reader>([
  [1184, instantOfText], // timestamptz
  [1185, arrayOf(instantOfText)],
  [1082, dateOfText], // date
  [1182, arrayOf(dateOfText)],
  [1114, asText], // timestamp without a zone
  [1115, arrayOf(asText)],
  [20, asText], // bigint
  [1016, arrayOf(asText)],
  [1700, asText], // numeric
  [1231, arrayOf(asText)],
  [1186, asText], // interval
]);

/** How the text of a column of this type is read: ours where the driver's own reading would lose something, else the driver's. */
export const readerOf: typeof pg.types.getTypeParser = (type, format) =>
  readers.get(type) ?? pg.types.getTypeParser(type, format);
