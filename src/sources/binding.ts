import { Fault } from "#model/fault.ts";

/** Values of a query's `:name`s: one text or a list. */
export type Parameters = Readonly<Record<string, string | readonly string[]>>;

/** A statement as Postgres takes it. */
export interface Bound {
  readonly text: string;
  readonly values: (string | string[])[];
}

/**
 * Everything that `:name` must not be looked for in: texts (`'…'` with doubled quotes, `E'…'` with backslashes), names in quotes,
 * dollar-quoted texts, comments, casts (`::date`), and colons after a word or a closing bracket (`list[1:n]`). Nested comments are
 * taken as far as their first end, which is where the rest no longer looks like a comment to Postgres either.
 */
const pieces =
  /(?<aside>\b[eE]'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|\$(?<tag>[A-Za-z_]\w*|)\$[\s\S]*?\$\k<tag>\$|--[^\n]*|\/\*[\s\S]*?\*\/|[\w\])]::?|::)|:(?<name>[A-Za-z_]\w*)|(?<position>\$\d+)/g;

/** Turns each `:name` into a place of its own, so that Postgres finds out each one's type where it stands; values are never pasted. */
export const bind = (sql: string, parameters: Parameters): Bound => {
  const values: (string | string[])[] = [];
  const text = sql.replace(pieces, (piece: string, ...rest: unknown[]) => {
    const { name, position } = rest.at(-1) as Readonly<Record<string, string | undefined>>;
    if (position !== undefined) throw unknownName(position, parameters);
    if (name === undefined) return piece;
    const value = Object.hasOwn(parameters, name) ? parameters[name] : undefined;
    if (value === undefined) throw unknownName(`:${name}`, parameters);
    return `$${values.push(typeof value === "string" ? value : [...value])}`;
  });
  return { text, values };
};

const unknownName = (name: string, parameters: Parameters): Fault => {
  const known = Object.keys(parameters).map((one) => `:${one}`);
  const hint = known.length === 0 ? "nothing can be bound here" : `what can be bound here: ${known.join(", ")}`;
  return new Fault("source.query", `The query uses ${name}, which has no value.`, { hint });
};
