import type { ViewInfo } from "#render/port.ts";
import type { Ask } from "#render/servers/ask.ts";
import { component, ownQuery } from "#render/servers/encode.ts";
import type { Json } from "#render/servers/json.ts";
import { at, listOf, textOf } from "#render/servers/json.ts";
import type { KnownFilter, KnownView, Memory } from "#render/servers/memory.ts";
import type { MetabaseParameter } from "#render/servers/metabase/filter.ts";

/** A dashboard's number (`12-daily-sales` → `12`), or `public/<uuid>` for one that is shared. */
export const metabaseKey = (path: string): string => {
  const { path: bare } = ownQuery(path);
  const shared = /public\/(?:dashboard\/)?([\w-]+)$/.exec(bare)?.[1];
  if (shared !== undefined) return `public/${shared}`;
  const last = bare.replace(/\/+$/, "").replace(/^.*\//, "");
  return /^\d+/.exec(last)?.[0] ?? last;
};

/**
 * Dashboards by `GET /api/dashboard`, parameters by `GET /api/dashboard/<id>` (docs/api/dashboard.md) or, for a shared one,
 * by `GET /api/public/dashboard/<uuid>` (docs/api/public). Data requests name a parameter by its `id`.
 */
export const metabaseCatalog = async (
  ask: Ask,
  only: readonly string[] | null,
  memory: Memory<MetabaseParameter>,
): Promise<readonly ViewInfo[]> => {
  if (only === null) return memory.learn(listOf(await ask("/api/dashboard")).map(listed));
  const views: KnownView<MetabaseParameter>[] = [];
  for (const path of only) views.push(await one(ask, path));
  return memory.learn(views);
};

const listed = (json: Json): KnownView<MetabaseParameter> => {
  const id = textOf(at(json, "id")) ?? "";
  return { keys: [id], path: id, title: textOf(at(json, "name")) ?? "", filters: null };
};

const one = async (ask: Ask, path: string): Promise<KnownView<MetabaseParameter>> => {
  const key = metabaseKey(path);
  const [, shared] = /^public\/(.+)$/.exec(key) ?? [];
  const json = await ask(
    shared === undefined ? `/api/dashboard/${component(key)}` : `/api/public/dashboard/${component(shared)}`,
  );
  const filters = listOf(at(json, "parameters")).flatMap(filterOf);
  return { keys: [key], path, title: textOf(at(json, "name")) ?? "", filters };
};

const filterOf = (json: Json): readonly KnownFilter<MetabaseParameter>[] => {
  const slug = textOf(at(json, "slug"));
  if (slug === null) return [];
  const id = textOf(at(json, "id"));
  const detail = { slug, type: textOf(at(json, "type")) ?? "" };
  const parameter = id === null ? {} : { parameter: id };
  return [{ name: textOf(at(json, "name")) ?? slug, column: null, values: null, ...parameter, detail }];
};
