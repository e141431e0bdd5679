import type { FilterInfo, ViewInfo } from "#render/port.ts";
import type { Wanted } from "#render/servers/encode.ts";
import { refused } from "#render/servers/encode.ts";

/** A filter with what its own kind must know to set it. */
export interface KnownFilter<Detail> extends FilterInfo {
  readonly detail: Detail;
}

/** A view as a kind's catalog learns it; `keys` are all the names by which a report may call it. */
export interface KnownView<Detail> {
  readonly keys: readonly string[];
  readonly path: string;
  readonly title: string;
  /** `null`: listed, but not asked for its filters. */
  readonly filters: readonly KnownFilter<Detail>[] | null;
}

/** What the catalog said of each view, kept as long as the adapter lives. */
export interface Memory<Detail> {
  /** Keeps views, and gives them back as the port describes them. */
  learn(views: readonly KnownView<Detail>[]): readonly ViewInfo[];
  /** The filters for setting, each found by its name or its parameter; throws `server.filter-unknown`. */
  demand(key: string, wanted: readonly Wanted[]): readonly (Wanted & { readonly filter: KnownFilter<Detail> })[];
}

/** An empty memory for the server called `server`. */
export const memoryOf = <Detail>(server: string): Memory<Detail> => {
  const known = new Map<string, readonly KnownFilter<Detail>[]>();
  const keep = ({ keys, filters }: KnownView<Detail>): void => {
    for (const key of filters === null ? [] : keys) if (filters !== null) known.set(key, filters);
  };
  return {
    learn: (views) => {
      views.forEach(keep);
      return views.map(shown);
    },
    demand: (key, wanted) => {
      if (wanted.length === 0) return [];
      const filters = known.get(key);
      if (filters === undefined) throw unasked(server, key);
      return wanted.map((one) => ({ ...one, filter: found(one, filters, { server, key }) }));
    },
  };
};

const shown = <Detail>({ path, title, filters }: KnownView<Detail>): ViewInfo => ({
  path,
  title,
  filters: filters?.map(({ detail: _, ...info }) => info) ?? null,
});

const found = <Detail>(
  wanted: Wanted,
  filters: readonly KnownFilter<Detail>[],
  place: { readonly server: string; readonly key: string },
): KnownFilter<Detail> => {
  const byName = filters.filter(({ name }) => name === wanted.name);
  const [first, second] = byName.length > 0 ? byName : filters.filter(({ parameter }) => parameter === wanted.name);
  const names = filters.map(({ name }) => `“${name}”`).join(", ");
  const has = names === "" ? "It has no filters." : `It has ${names}.`;
  const view = `View “${place.key}” of “${place.server}”`;
  if (first === undefined) throw refused(`${view} has no filter “${wanted.name}”.`, `${has} Names are case-sensitive.`);
  if (second !== undefined)
    throw refused(`${view} has several filters called “${wanted.name}”.`, "Give them different names.");
  return first;
};

const unasked = (server: string, key: string): Error =>
  refused(
    `The filters of view “${key}” of “${server}” aren't known, and this kind ignores a filter that it doesn't know.`,
    "Check the view's path; the catalog is asked for it at the sign-in.",
  );
