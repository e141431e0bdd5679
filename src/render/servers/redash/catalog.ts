import type { ViewInfo } from "#render/port.ts";
import type { Ask } from "#render/servers/ask.ts";
import { component, ownQuery } from "#render/servers/encode.ts";
import type { Json } from "#render/servers/json.ts";
import { at, listOf, textOf, within } from "#render/servers/json.ts";
import type { KnownFilter, KnownView, Memory } from "#render/servers/memory.ts";
import type { RedashParameter } from "#render/servers/redash/filter.ts";

/** A dashboard's number (`12-daily-sales` → `12`) or, on old servers, its slug. */
export const redashKey = (path: string): string => {
  const last = ownQuery(path).path.replace(/\/+$/, "").replace(/^.*\//, "");
  return /^\d+/.exec(last)?.[0] ?? last;
};

/**
 * Dashboards by `GET /api/dashboards`, parameters from the queries of a dashboard's widgets (client/app/services/dashboard.js,
 * `getParametersDefs`): those that the widget maps to the dashboard's level. From public source.
 */
export const redashCatalog = async (
  ask: Ask,
  only: readonly string[] | null,
  memory: Memory<RedashParameter>,
): Promise<readonly ViewInfo[]> => {
  if (only === null) return memory.learn(listOf(at(await ask("/api/dashboards?page_size=250"), "results")).map(listed));
  const views: KnownView<RedashParameter>[] = [];
  for (const path of only) views.push(await one(ask, path));
  return memory.learn(views);
};

const listed = (json: Json): KnownView<RedashParameter> => {
  const keys = ["id", "slug"].flatMap((name) => textOf(at(json, name)) ?? []);
  return { keys, path: keys[0] ?? "", title: textOf(at(json, "name")) ?? "", filters: null };
};

const one = async (ask: Ask, path: string): Promise<KnownView<RedashParameter>> => {
  const key = redashKey(path);
  const json = await ask(`/api/dashboards/${component(key)}`);
  const found = new Map<string, KnownFilter<RedashParameter>>();
  for (const filter of listOf(at(json, "widgets")).flatMap(filtersOf))
    found.set(filter.name, narrower(found.get(filter.name), filter));
  return { keys: [key], path, title: textOf(at(json, "name")) ?? "", filters: [...found.values()] };
};

/** Two queries may offer different values under one dashboard parameter; only what both offer is safe. */
const narrower = (
  before: KnownFilter<RedashParameter> | undefined,
  now: KnownFilter<RedashParameter>,
): KnownFilter<RedashParameter> => {
  if (before === undefined || before.values === null) return now;
  const { values } = now;
  return values === null ? before : { ...now, values: values.filter((value) => before.values?.includes(value)) };
};

const filtersOf = (widget: Json): readonly KnownFilter<RedashParameter>[] => {
  const mappings = within(widget, "options", "parameterMappings");
  return listOf(within(widget, "visualization", "query", "options", "parameters")).flatMap((parameter) => {
    const own = textOf(at(parameter, "name")) ?? "";
    const mapping = at(mappings, own);
    const isDashboards =
      mapping === undefined ? at(parameter, "global") === true : at(mapping, "type") === "dashboard-level";
    return isDashboards ? [filterOf(parameter, textOf(at(mapping, "mapTo")) ?? own)] : [];
  });
};

const filterOf = (parameter: Json, name: string): KnownFilter<RedashParameter> => {
  const type = textOf(at(parameter, "type")) ?? "text";
  const isMulti =
    typeof at(parameter, "multiValuesOptions") === "object" && at(parameter, "multiValuesOptions") !== null;
  const values = type === "enum" ? (textOf(at(parameter, "enumOptions")) ?? "").split("\n") : null;
  const own = textOf(at(parameter, "name")) ?? name;
  return { name, column: null, values, parameter: own, detail: { type, isMulti } };
};
