import { Fault } from "#model/fault.ts";
import type { Filters } from "#model/filters.ts";
import { mistakeInFilters } from "#model/filters.ts";

/** One filter with the values it is set to. */
export interface Wanted {
  readonly name: string;
  readonly values: readonly string[];
}

/** The filters as a list, `[]` for “all”; throws `server.filter-unknown` for none, for an empty list and for broken Unicode. */
export const wantedOf = (filters: Filters, server: string): readonly Wanted[] => {
  const mistake = mistakeInFilters(filters);
  if (mistake !== null) throw refused(`“${server}” can't be asked: ${mistake}.`, "Correct the recipient's filters.");
  if (filters === "all") return [];
  const wanted = Object.entries(filters).map(([name, values]) => ({ name, values }));
  const broken = wanted.find(({ name, values }) => ![name, ...values].every((text) => text.isWellFormed()));
  if (broken === undefined) return wanted;
  throw refused(`Filter “${broken.name}” holds a broken character.`, "Write the list again in UTF-8.");
};

/** The fault for a filter that a server can't be asked for. */
export const refused = (what: string, hint: string): Fault => new Fault("server.filter-unknown", what, { hint });

/** Percent-encodes all but letters, digits and `-._`; stricter than `encodeURIComponent`, whose `!'()*~` mean something to Rison and to some servers. */
export const component = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*~]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);

/** A path such as `Workbook/Sheet`, each of its parts encoded. */
export const pathOf = (path: string): string => path.split("/").map(component).join("/");

/** One `key=value` of a query string, before encoding. */
export type Pair = readonly [key: string, value: string];

/** A query string without its question mark; spaces become `%20`, since not every server reads `+` as one. */
export const queryOf = (pairs: readonly Pair[]): string =>
  pairs.map(([key, value]) => `${component(key)}=${component(value)}`).join("&");

/** The address with pairs added to the query that it may have, before its fragment. */
export const withQuery = (address: string, pairs: readonly Pair[]): string => {
  if (pairs.length === 0) return address;
  const [whole, fragment] = halves(address, "#");
  const joint = whole.includes("?") ? "&" : "?";
  return `${whole}${joint}${queryOf(pairs)}${fragment === "" ? "" : `#${fragment}`}`;
};

/** A path with a query of its own (`abc/sales?from=now-7d`) as its two parts. */
export const ownQuery = (path: string): { readonly path: string; readonly own: readonly Pair[] } => {
  const [before, query] = halves(path, "?");
  return { path: before, own: [...new URLSearchParams(query)] };
};

/** Refuses a fixed parameter that a filter sets as well: the server would have to choose between the two. */
export const disjoint = (own: readonly Pair[], filters: readonly Pair[]): readonly Pair[] => {
  const both = own.find(([key]) => filters.some(([name]) => name === key));
  if (both === undefined) return [...own, ...filters];
  throw refused(`“${both[0]}” is set by the view's path and by a filter.`, "Remove it from the view's path.");
};

const halves = (text: string, mark: string): readonly [string, string] => {
  const at = text.indexOf(mark);
  return at === -1 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
};
