import type { ViewInfo } from "#render/port.ts";
import type { Ask } from "#render/servers/ask.ts";
import { component, ownQuery } from "#render/servers/encode.ts";
import type { GrafanaVariable } from "#render/servers/grafana/filter.ts";
import type { Json } from "#render/servers/json.ts";
import { at, listOf, textOf, textsOf, within } from "#render/servers/json.ts";
import type { KnownFilter, KnownView, Memory } from "#render/servers/memory.ts";

/** A dashboard's uid: `abc/sales`, `/d/abc/sales` and `abc` are the same. */
export const grafanaKey = (path: string): string => partsOf(path)[0] ?? "";

/** Uid and slug of a dashboard's path. */
export const partsOf = (path: string): readonly string[] =>
  ownQuery(path)
    .path.replace(/^\/?(?:d\/)?/, "")
    .split("/")
    .filter((part) => part !== "");

/** Dashboards by `GET /api/search?type=dash-db`, variables by `GET /api/dashboards/uid/<uid>` (Grafana HTTP API; from documentation). */
export const grafanaCatalog = async (
  ask: Ask,
  only: readonly string[] | null,
  memory: Memory<GrafanaVariable>,
): Promise<readonly ViewInfo[]> => {
  if (only === null) return memory.learn(listOf(await ask("/api/search?type=dash-db")).map(listed));
  const views: KnownView<GrafanaVariable>[] = [];
  for (const path of only) views.push(await one(ask, path));
  return memory.learn(views);
};

const listed = (json: Json): KnownView<GrafanaVariable> => {
  const uid = textOf(at(json, "uid")) ?? "";
  return { keys: [uid], path: uid, title: textOf(at(json, "title")) ?? "", filters: null };
};

const one = async (ask: Ask, path: string): Promise<KnownView<GrafanaVariable>> => {
  const key = grafanaKey(path);
  const dashboard = at(await ask(`/api/dashboards/uid/${component(key)}`), "dashboard");
  const filters = listOf(within(dashboard, "templating", "list")).flatMap(filterOf);
  return { keys: [key], path, title: textOf(at(dashboard, "title")) ?? "", filters };
};

const filterOf = (json: Json): readonly KnownFilter<GrafanaVariable>[] => {
  const name = textOf(at(json, "name"));
  if (name === null) return [];
  const type = textOf(at(json, "type")) ?? "";
  const detail = { type, isMulti: at(json, "multi") === true, isUrlIgnored: at(json, "skipUrlSync") === true };
  return [{ name, column: null, values: optionsOf(json, type), detail }];
};

/** Only a custom variable's options are complete in the dashboard; a query's are asked when it is opened. */
const optionsOf = (json: Json, type: string): readonly string[] | null =>
  type === "custom" ? textsOf(listOf(at(json, "options")).map((option) => at(option, "value"))) : null;
