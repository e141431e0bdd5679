/** A value as it is compared: trimmed, in Unicode's composed form, and else exactly as it stands; `007` is not `7`. */
export const exact = (text: string): string => text.normalize("NFC").trim();

/** Values for comparison, without doubles. */
export const exactSet = (values: readonly string[]): ReadonlySet<string> => new Set(values.map(exact));

/** A name without case and punctuation, so that a filter “Sales Region” finds a column `sales_region`. */
export const loose = (name: string): string =>
  name
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, "");

/** What a search for a name gave; `several` when two names look alike and none is the exact one. */
export type Found = { readonly name: string } | { readonly several: readonly string[] } | null;

/** The one of `names` that is `wanted` exactly, else the only one that is like it. */
export const findName = (wanted: string, names: readonly string[]): Found => {
  if (names.includes(wanted)) return { name: wanted };
  const like = namesLike(wanted, names);
  if (like.length > 1) return { several: like };
  return like[0] === undefined ? null : { name: like[0] };
};

/** All of `names` that are like `wanted`; a name made of punctuation alone is like nothing. */
export const namesLike = (wanted: string, names: readonly string[]): readonly string[] => {
  const key = loose(wanted);
  return key === "" ? names.filter((name) => name === wanted) : names.filter((name) => loose(name) === key);
};

/** An own entry of a record, so that a column called `constructor` finds nothing by accident. */
export const own = <T>(record: Readonly<Record<string, T>>, key: string): T | undefined =>
  Object.hasOwn(record, key) ? record[key] : undefined;

/** A few values in quotes, for sentences: `“North”, “South” and 5 more`. */
export const quoted = (values: readonly string[], most = 4): string => {
  const shown = values.slice(0, most).map((value) => (value === "" ? "an empty cell" : `“${value}”`));
  const rest = values.length - shown.length;
  return rest > 0 ? `${shown.join(", ")} and ${rest} more` : shown.join(", ");
};
