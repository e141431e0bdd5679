/** What a JSON answer may be; nothing is believed of it before it is looked at. */
export type Json = unknown;

/** An entry of an object, `undefined` for anything else. */
export const at = (value: Json, key: string): Json =>
  typeof value === "object" && value !== null && Object.hasOwn(value, key)
    ? (value as Readonly<Record<string, unknown>>)[key]
    : undefined;

/** An entry that lies deeper. */
export const within = (value: Json, ...keys: readonly string[]): Json => keys.reduce(at, value);

/** The value as a list, `[]` for anything else. */
export const listOf = (value: Json): readonly Json[] => (Array.isArray(value) ? value : []);

/** The value as a text; numbers become one, anything else is `null`. */
export const textOf = (value: Json): string | null => {
  if (typeof value === "string") return value;
  return typeof value === "number" ? String(value) : null;
};

/** The texts of a list, without its other items. */
export const textsOf = (value: Json): readonly string[] =>
  listOf(value).flatMap((item) => {
    const text = textOf(item);
    return text === null ? [] : [text];
  });

/** A text that holds JSON, parsed; `undefined` when it doesn't. */
export const parsed = (value: Json): Json => {
  if (typeof value !== "string") return undefined;
  try {
    return JSON.parse(value);
  } catch {
    return undefined;
  }
};
