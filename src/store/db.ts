import type { Temporal } from "#model/time.ts";

/** What a statement needs of a pool or of a connection inside a transaction. */
export interface Db {
  query(text: string, values?: unknown[]): Promise<{ rows: Record<string, unknown>[]; rowCount: number | null }>;
}

/** A row as the driver hands it over; each noun's file maps it to the model. */
export type Row = Record<string, unknown>;

/** All rows of a statement, mapped. */
export const many = async <T>(db: Db, ask: { text: string; values: unknown[]; map: (row: Row) => T }): Promise<T[]> =>
  (await db.query(ask.text, ask.values)).rows.map(ask.map);

/** The first row of a statement, mapped, or `null`. */
export const one = async <T>(
  db: Db,
  ask: { text: string; values: unknown[]; map: (row: Row) => T },
): Promise<T | null> => {
  const row = (await db.query(ask.text, ask.values)).rows[0];
  return row === undefined ? null : ask.map(row);
};

/** The number of rows that a statement changed. */
export const changed = async (db: Db, text: string, values: unknown[]): Promise<number> =>
  (await db.query(text, values)).rowCount ?? 0;

/** A column as text; the schema says it is not null. */
export const text = (row: Row, column: string): string => String(row[column]);

/** A column as text or `null`. */
export const textOrNull = (row: Row, column: string): string | null => {
  const value = row[column];
  return value === null || value === undefined ? null : String(value);
};

/** A column as a number. */
export const number = (row: Row, column: string): number => Number(row[column]);

/** A column whose shape the schema or the writer of the JSON guarantees. */
export const as = <T>(row: Row, column: string): T => row[column] as T;

/** A `timestamptz` column; the pool hands it over as an instant. */
export const instant = (row: Row, column: string): Temporal.Instant => row[column] as Temporal.Instant;

/** A `timestamptz` column that may be null. */
export const instantOrNull = (row: Row, column: string): Temporal.Instant | null =>
  (row[column] ?? null) as Temporal.Instant | null;

/** An instant as a parameter. */
export const at = (value: Temporal.Instant | null): string | null => (value === null ? null : value.toString());

/** JSON writes NUL and halves of characters like this; an even number of backslashes before it is text of its own. */
const unkeepable = /(?<!\\)((?:\\\\)*)\\u(?:0000|d[89a-f][0-9a-f]{2})/gi;

/** A value as a `jsonb` parameter. What Postgres keeps in no text becomes U+FFFD: one odd cell of a report mustn't cost all of it. */
export const json = (value: unknown): string => {
  const text = JSON.stringify(value);
  // Most have none, and looking for the pattern costs more than writing all the rest.
  return text.includes("\\u") ? text.replaceAll(unkeepable, "$1\\ufffd") : text;
};
