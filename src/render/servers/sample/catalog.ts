import type { Filters } from "#model/filters.ts";
import type { FilterInfo, ViewInfo } from "#render/port.ts";
import type { Ask } from "#render/servers/ask.ts";
import { refused } from "#render/servers/encode.ts";
import type { Json } from "#render/servers/json.ts";
import { at, listOf, textOf, textsOf } from "#render/servers/json.ts";

/** View's path → names of its filters, as far as the catalog has been asked. */
export type NameBook = Map<string, readonly string[]>;

/** An empty book. */
export const nameBook = (): NameBook => new Map();

/** The views of `GET /api/views`, kept in `book`; with `only`, those alone. */
export const listedViews = async (
  ask: Ask,
  only: readonly string[] | null,
  book: NameBook,
): Promise<readonly ViewInfo[]> => {
  const views = listOf(await ask("/api/views")).map(viewOf);
  for (const { path, filters } of views) book.set(path, filters?.map(({ name }) => name) ?? []);
  return only === null ? views : views.filter(({ path }) => only.includes(path));
};

const viewOf = (json: Json): ViewInfo => ({
  path: textOf(at(json, "path")) ?? "",
  title: textOf(at(json, "title")) ?? "",
  filters: listOf(at(json, "filters")).map(filterOf),
});

const filterOf = (json: Json): FilterInfo => ({
  name: textOf(at(json, "name")) ?? "",
  column: textOf(at(json, "column")),
  values: Array.isArray(at(json, "values")) ? textsOf(at(json, "values")) : null,
});

/** Refuses a name that the view's filters don't hold; before the catalog has been asked, nothing can be said. */
export const checkNames = (book: NameBook, path: string, filters: Filters): void => {
  const names = book.get(path);
  if (names === undefined || filters === "all") return;
  const odd = Object.keys(filters).find((name) => !names.includes(name));
  if (odd === undefined) return;
  throw refused(`View “${path}” has no filter “${odd}”.`, `It has ${names.map((name) => `“${name}”`).join(", ")}.`);
};
