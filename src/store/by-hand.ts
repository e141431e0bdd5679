/** Columns of JSON that people fill in by SQL. They may hold anything, and what one of them holds must stop nobody else. */
import type { Attributes } from "#model/people.ts";
import type { Row } from "#store/db.ts";

/** A value or a list of values as texts; `null` where it is neither. Blanks and nulls are no values. */
const textsOf = (value: unknown): readonly string[] | null => {
  const texts: string[] = [];
  for (const one of Array.isArray(value) ? value : [value]) {
    if (typeof one === "object" && one !== null) return null;
    const text = one === null || one === undefined ? "" : String(one).trim();
    if (text !== "") texts.push(text);
  }
  return texts;
};

/** Attributes: a list that holds anything but plain values counts as none, since with half of it half of the figures would come. */
export const attributes = (row: Row, column: string): Attributes =>
  mapped(row[column], (value) => (typeof value === "object" ? (textsOf(value) ?? []) : String(value)));

/** Attribute → its values; none where no list can be read, and then it fits nobody. */
export const rule = (row: Row, column: string): Readonly<Record<string, readonly string[]>> | null =>
  row[column] === null ? null : mapped(row[column], (value) => textsOf(value) ?? []);

/** `text[]` without nulls. */
export const texts = (row: Row, column: string): readonly string[] =>
  (row[column] as readonly (string | null)[]).filter((text) => text !== null);

const mapped = <T>(json: unknown, read: (value: unknown) => T): Readonly<Record<string, T>> =>
  Object.fromEntries(Object.entries(json as object).map(([name, value]) => [name, read(value)]));
