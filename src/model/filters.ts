/**
 * A recipient's filters: filter name of the view → the values it is set to, or `"all"`, which must be said explicitly.
 * An absent filter never means "all", and an empty list of values is refused everywhere: most report servers read it as no filter.
 */
export type Filters = Readonly<Record<string, readonly string[]>> | "all";

/** What is wrong with a set of filters in words that name the filter, or `null`. */
export const mistakeInFilters = (filters: Filters): string | null => {
  if (filters === "all") return null;
  for (const [name, values] of Object.entries(filters)) {
    if (name.trim() === "") return "a filter has no name";
    if (!isList(values))
      return `filter “${name}” holds no list of texts, which stands in brackets: {"${name}": ["value"]}`;
    if (values.length === 0) return `filter “${name}” has no value; say “all” for the whole view`;
    const long = values.find((value) => value.length > mostCharacters);
    if (long !== undefined)
      return `filter “${name}” has a value of ${long.length} characters (${long.slice(0, 40)} …); ${mostCharacters} are the most`;
    const odd = values.find((value) => value.trim() === "" || hasControl(value));
    if (odd !== undefined) return `filter “${name}” has an empty value or one with control characters`;
  }
  return Object.keys(filters).length === 0 ? "there is no filter at all; say “all” for the whole view" : null;
};

/** Characters of a value: it becomes a part of an address, and servers take 8,000 of those. */
export const mostCharacters = 2_000;

/** Rows that somebody wrote in SQL may hold anything. */
const isList = (values: unknown): boolean =>
  Array.isArray(values) && values.every((value) => typeof value === "string");

const hasControl = (text: string): boolean => {
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0;
    if (code < 32 || code === 127) return true;
  }
  return false;
};

/** Names sorted, values sorted and without doubles: equal filters become equal text. Used in keys and comparisons, never shown. */
export const canonicalFilters = (filters: Filters): string => {
  if (filters === "all") return '"all"';
  const sorted = Object.keys(filters)
    .sort()
    .map((name) => [name, [...new Set(filters[name] ?? [])].sort()]);
  return JSON.stringify(sorted);
};

/** Filters as people read them: `Region: North, South · Year: 2026`; `everything` is the caller's word for “all”. */
export const filtersInWords = (filters: Filters, everything: string): string =>
  filters === "all"
    ? everything
    : Object.entries(filters)
        .map(([name, values]) => `${name}: ${values.join(", ")}`)
        .join(" · ");
