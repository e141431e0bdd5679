/** Columns of JSON that people fill in by SQL. They may hold anything, and what one of them holds must stop nobody else. */
import type { Attributes } from "#model/people.ts";
import type { Row } from "#store/db.ts";

/** A value or a list of values as texts; `null` where it is neither. Blanks and nulls are no values. */
const textsOf = (value: unknown): readonly string[] | null => {
  const texts: string[] = [];
  for (const one of Array.isArray(value) ? value : [value]) {
    if (!isPlain(one)) return null;
    const text = one === null ? "" : String(one).trim();
    if (text !== "") texts.push(text);
  }
  return texts;
};

/** A double keeps 15 digits of any number, and all of a whole one up to 2^53; another number would become its neighbour, who is somebody else. */
const isExact = (number: number): boolean =>
  Number.isSafeInteger(number) ||
  (Number.isFinite(number) && !Number.isInteger(number) && String(number).replace(/\D/g, "").length <= 15);

const isPlain = (value: unknown): value is string | number | boolean | null =>
  value === null || ["string", "boolean"].includes(typeof value) || (typeof value === "number" && isExact(value));

/** Attributes: a list that holds anything but plain values counts as none, since with half of it half of the figures would come. */
export const attributes = (row: Row, column: string): Attributes =>
  mapped(row[column], (value) => (typeof value === "string" ? value : (textsOf(value) ?? [])));

/** Attribute → its values; none where no list can be read, and then it fits nobody. */
export const rule = (row: Row, column: string): Readonly<Record<string, readonly string[]>> | null =>
  row[column] === null ? null : mapped(row[column], (value) => textsOf(value) ?? []);

/** `text[]` without nulls; Postgres lets it have any number of dimensions. */
export const texts = (row: Row, column: string): readonly string[] =>
  (row[column] as readonly unknown[]).flat(Number.POSITIVE_INFINITY).filter((text) => typeof text === "string");

const mapped = <T>(json: unknown, read: (value: unknown) => T): Readonly<Record<string, T>> =>
  Object.fromEntries(Object.entries(json as object).map(([name, value]) => [name, read(value)]));
