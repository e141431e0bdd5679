import type { Filters } from "#model/filters.ts";
import type { Pair } from "#render/servers/encode.ts";
import { refused, wantedOf } from "#render/servers/encode.ts";
import type { Memory } from "#render/servers/memory.ts";

/** What must be known of a dashboard's parameter to set it. */
export interface MetabaseParameter {
  /** Its name in addresses: lowercase, underscores for spaces. */
  readonly slug: string;
  /** `string/=`, `id`, `date/range` … */
  readonly type: string;
}

/**
 * A key for each value, by the parameter's slug (docs/embedding/static-embedding-parameters.md). An empty list would switch the filter
 * off there, so it is refused before it comes here; so is a parameter whose operator excludes its values.
 */
export const metabasePairs = (
  filters: Filters,
  {
    server,
    key,
    memory,
  }: { readonly server: string; readonly key: string; readonly memory: Memory<MetabaseParameter> },
): readonly Pair[] =>
  memory.demand(key, wantedOf(filters, server)).flatMap(({ name, values, filter }) => {
    const { slug, type } = filter.detail;
    if (/!=|does-not|starts|ends|contains|[<>]/.test(type)) {
      throw refused(
        `Filter “${name}” compares by “${type}”, not by equality.`,
        "Use a filter that is equal to its values.",
      );
    }
    return values.map((value): Pair => [slug, value]);
  });
