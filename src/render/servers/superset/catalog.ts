import type { ViewInfo } from "#render/port.ts";
import type { Ask } from "#render/servers/ask.ts";
import { component, ownQuery } from "#render/servers/encode.ts";
import type { Json } from "#render/servers/json.ts";
import { at, listOf, parsed, textOf, within } from "#render/servers/json.ts";
import type { KnownFilter, KnownView, Memory } from "#render/servers/memory.ts";
import type { NativeFilter } from "#render/servers/superset/filter.ts";

/** The dashboard's id, uuid or slug, whichever the report names. */
export const supersetKey = (path: string): string => ownQuery(path).path.replace(/\/+$/, "").replace(/^.*\//, "");

/**
 * Dashboards by `GET /api/v1/dashboard/`, each one's filters by `GET /api/v1/dashboard/<id or slug>`, where they lie in
 * `json_metadata.native_filter_configuration` (seen in public clients of the API; from documentation).
 */
export const supersetCatalog = async (
  ask: Ask,
  only: readonly string[] | null,
  memory: Memory<NativeFilter>,
): Promise<readonly ViewInfo[]> => {
  if (only === null) return memory.learn(await listed(ask));
  const views: KnownView<NativeFilter>[] = [];
  for (const path of only) views.push(await one(ask, path));
  return memory.learn(views);
};

const listed = async (ask: Ask): Promise<readonly KnownView<NativeFilter>[]> => {
  const list = listOf(at(await ask(`/api/v1/dashboard/?q=${component("(page:0,page_size:100)")}`), "result"));
  return list.map((json) => {
    const keys = keysOf(json);
    return { keys, path: keys[0] ?? "", title: titleOf(json), filters: null };
  });
};

const one = async (ask: Ask, path: string): Promise<KnownView<NativeFilter>> => {
  const key = supersetKey(path);
  const json = at(await ask(`/api/v1/dashboard/${component(key)}`), "result");
  const configuration = listOf(at(parsed(at(json, "json_metadata")), "native_filter_configuration"));
  return { keys: [key, ...keysOf(json)], path, title: titleOf(json), filters: configuration.flatMap(filterOf) };
};

const keysOf = (json: Json): readonly string[] =>
  ["slug", "id", "uuid"].flatMap((name) => {
    const key = textOf(at(json, name));
    return key === null || key === "" ? [] : [key];
  });

const titleOf = (json: Json): string => textOf(at(json, "dashboard_title")) ?? "";

/** Dividers stand in the same list and are no filters. */
const filterOf = (json: Json): readonly KnownFilter<NativeFilter>[] => {
  const id = textOf(at(json, "id"));
  const name = textOf(at(json, "name"));
  const type = textOf(at(json, "filterType"));
  if (id === null || name === null || type === null) return [];
  const column = textOf(within(listOf(at(json, "targets"))[0], "column", "name"));
  const isInverse = within(json, "controlValues", "inverseSelection") === true;
  const parameter = column === null ? {} : { parameter: column };
  return [{ name, column, values: null, ...parameter, detail: { id, type, column, isInverse } }];
};
