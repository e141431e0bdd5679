import type { DataRequest } from "#model/render.ts";
import { exact, exactSet, namesLike } from "#proof/plan/names.ts";

/** How a data request names a filter: by exactly this parameter, or by any that is like the filter's name. */
export type ParameterName = { readonly exactly: string } | { readonly like: string };

/** Whether a request asked for exactly these values, for others, or said nothing of the filter. */
export type Carried =
  | { readonly as: "exactly" | "absent" }
  | { readonly as: "other"; readonly values: readonly string[] };

/** The fields by which APIs name what a condition is about, and those which hold its values. */
const nameFields = ["col", "column", "field", "name", "id", "slug", "key", "param", "parameter", "subject", "member"];
const valueFields = ["val", "value", "values", "comparator"];
const operatorFields = ["op", "opr", "operator"];
/** A condition that excludes or only resembles is no filter to these values. */
const inexact = /!|not|[<>]|exclu|except|null|contain|start|end|like|regex|match/i;
/** Bodies are cut at 64 kB before they come here; the bound keeps a hostile nesting from costing the stack. */
const deepest = 16;

/** What `request` says of a filter, in its query string, its JSON body or its form body. */
export const carriedBy = (request: DataRequest, name: ParameterName, wanted: readonly string[]): Carried => {
  const inAddress = listsIn(pairsTree(queryOf(request.url)), name);
  const bodies = request.postBody === null ? [] : bodiesOf(request.postBody);
  if (bodies.length <= 1) return compare([...inAddress, ...bodies.flatMap((body) => listsIn(body, name))], wanted);
  return worst(bodies.map((body) => compare([...inAddress, ...listsIn(body, name)], wanted)));
};

const worst = (all: readonly Carried[]): Carried =>
  all.find(({ as }) => as === "other") ?? all.find(({ as }) => as === "absent") ?? { as: "exactly" };

const compare = (lists: readonly (readonly string[])[], wanted: readonly string[]): Carried => {
  if (lists.length === 0) return { as: "absent" };
  const set = exactSet(wanted);
  const other = lists.find((list) => !readings(list).some((reading) => sameSet(exactSet(reading), set)));
  return other === undefined ? { as: "exactly" } : { as: "other", values: other.map(exact) };
};

const sameSet = (left: ReadonlySet<string>, right: ReadonlySet<string>): boolean =>
  left.size === right.size && [...left].every((value) => right.has(value));

/** The ways in which one parameter may hold several values: repeated, one JSON list, or one text with (escaped) commas. */
const readings = (list: readonly string[]): readonly (readonly string[])[] => {
  const [only] = list;
  if (list.length !== 1 || only === undefined) return [list];
  const asJson = listOf(parsed(only));
  const asCommas = only.includes(",") || only.includes("\\") ? splitAtCommas(only) : null;
  return [list, ...(asJson === null ? [] : [asJson]), ...(asCommas === null ? [] : [asCommas])];
};

/** Splits at commas that no backslash precedes; `\,` is a comma and `\\` a backslash. */
const splitAtCommas = (text: string): readonly string[] => {
  const parts = [""];
  for (const token of text.match(/\\.|,|[^\\,]+|\\/gsu) ?? []) {
    if (token === ",") parts.push("");
    else parts.push((parts.pop() ?? "") + (/^\\[\\,]$/u.test(token) ? token.slice(1) : token));
  }
  return parts;
};

const queryOf = (url: string): URLSearchParams =>
  URL.canParse(url) ? new URL(url).searchParams : new URLSearchParams(url.split("?")[1] ?? "");

/**
 * A body as trees to search. One with a list of `queries` asks for several things at once (Superset and Grafana do), as does a
 * list of questions (GraphQL and JSON-RPC in batches), and each of them must carry the filter by itself, so it becomes one tree for each.
 */
const bodiesOf = (text: string): readonly unknown[] => {
  const tree = parsed(text) ?? pairsTree(new URLSearchParams(text));
  const queries = isRecord(tree) ? tree.queries : tree;
  if (!Array.isArray(queries) || queries.length <= 1) return [tree];
  return isRecord(tree) || queries.every(isQuestion) ? queries : [tree];
};

const isQuestion = (item: unknown): boolean =>
  isRecord(item) && ["query", "variables", "operationName", "params"].some((key) => Object.hasOwn(item, key));

/** Query or form pairs as a record of lists; `Region[]` is `Region`. */
const pairsTree = (pairs: URLSearchParams): Record<string, unknown> => {
  const tree: Record<string, unknown> = Object.create(null);
  for (const key of new Set(pairs.keys())) tree[key.replace(/\[\]$/u, "")] = pairs.getAll(key);
  return tree;
};

const parsed = (text: string): unknown => {
  if (!/^\s*[[{]/u.test(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** Every list of values that the tree gives to the named parameter, wherever it lies. */
const listsIn = (tree: unknown, name: ParameterName, depth = 0): readonly (readonly string[])[] => {
  if (depth > deepest) return [];
  if (Array.isArray(tree)) return tree.flatMap((item) => listsIn(item, name, depth + 1));
  if (typeof tree === "string") return listsInText(tree, name, depth);
  if (!isRecord(tree)) return [];
  const condition = conditionIn(tree, name);
  const entries = Object.entries(tree).flatMap(([key, value]) => {
    const list = matches(key, name) ? listOf(value) : null;
    return list === null ? listsIn(value, name, depth + 1) : [list];
  });
  return condition === null ? entries : [condition, ...entries];
};

const listsInText = (text: string, name: ParameterName, depth: number): readonly (readonly string[])[] => {
  const tree = parsed(text);
  return tree === undefined ? [] : listsIn(tree, name, depth + 1);
};

/** The values of a condition such as `{col: "region", op: "IN", val: ["North"]}` when it is about the named parameter. */
const conditionIn = (record: Readonly<Record<string, unknown>>, name: ParameterName): readonly string[] | null => {
  const about = nameFields.some((field) => {
    const value = record[field];
    return typeof value === "string" && matches(value, name);
  });
  if (!about || isInexact(record)) return null;
  return valueFields.map((field) => listOf(record[field])).find((list) => list !== null) ?? null;
};

const isInexact = (record: Readonly<Record<string, unknown>>): boolean => {
  const { type } = record;
  // Metabase writes its operator as `type: "string/!="`; a type without a slash is a type.
  const operators = [
    ...operatorFields.map((field) => record[field]),
    typeof type === "string" && type.includes("/") ? type : "",
  ];
  return operators.some((operator) => typeof operator === "string" && inexact.test(operator));
};

/** A scalar or a list of scalars as texts; `null` for anything else, an empty list included, since that filters nothing. */
const listOf = (value: unknown): readonly string[] | null => {
  const items = Array.isArray(value) ? value : [value];
  const texts = items.flatMap((item) => (isScalar(item) ? [String(item)] : []));
  return items.length > 0 && texts.length === items.length ? texts : null;
};

const isScalar = (value: unknown): value is string | number | boolean =>
  typeof value === "string" || typeof value === "number" || typeof value === "boolean";

/** `region!=North` and `-region=North` are read as names that end or begin so, and ask for everybody else. */
const excludes = /[!<>~^]|^\s*-/u;

const matches = (key: string, name: ParameterName): boolean => {
  if ("exactly" in name) return key === name.exactly;
  return key === name.like || (!excludes.test(key) && namesLike(name.like, [key]).length > 0);
};

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
