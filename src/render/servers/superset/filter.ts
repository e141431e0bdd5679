import type { Filters } from "#model/filters.ts";
import type { Pair } from "#render/servers/encode.ts";
import { refused, wantedOf } from "#render/servers/encode.ts";
import type { Memory } from "#render/servers/memory.ts";
import type { RisonValue } from "#render/servers/superset/rison.ts";
import { rison } from "#render/servers/superset/rison.ts";

/** What must be known of a native filter to set it. */
export interface NativeFilter {
  readonly id: string;
  /** `filter_select`, `filter_time`, `filter_range` … */
  readonly type: string;
  readonly column: string | null;
  /** Shows everything but the chosen values. */
  readonly isInverse: boolean;
}

/**
 * The filters of a dashboard in the shape that Superset's own reports write (superset/reports/models.py,
 * `_generate_native_filter`). A wrong shape or an unknown id is ignored without a word and the page comes unfiltered
 * (superset#33512, #23026); therefore each filter must be known from the dashboard's metadata.
 */
export const supersetPairs = (
  filters: Filters,
  { server, key, memory }: { readonly server: string; readonly key: string; readonly memory: Memory<NativeFilter> },
): readonly Pair[] => {
  const set = memory.demand(key, wantedOf(filters, server));
  if (set.length === 0) return [];
  const masks = set.map(
    ({ name, values, filter }) => [filter.detail.id, maskOf(filter.detail, { name, values })] as const,
  );
  return [["native_filters", rison(Object.fromEntries(masks))]];
};

const maskOf = (
  filter: NativeFilter,
  wanted: { readonly name: string; readonly values: readonly string[] },
): RisonValue => {
  if (filter.isInverse)
    throw refused(`Filter “${wanted.name}” excludes the values that are chosen.`, "Use one that includes them.");
  if (filter.type === "filter_select" && filter.column !== null)
    return selectMask(filter.id, filter.column, wanted.values);
  if (filter.type === "filter_time") return timeMask(filter.id, wanted);
  throw refused(
    `Filter “${wanted.name}” is of the kind ${filter.type}, which can't be set by an address.`,
    "Use a value or a time range filter.",
  );
};

const selectMask = (id: string, column: string, values: readonly string[]): RisonValue => ({
  extraFormData: { filters: [{ col: column, op: "IN", val: values }] },
  filterState: { label: column, validateStatus: false, value: values },
  id,
  ownState: {},
});

const timeMask = (
  id: string,
  { name, values }: { readonly name: string; readonly values: readonly string[] },
): RisonValue => {
  const [range] = values;
  if (range === undefined || values.length > 1)
    throw refused(`Filter “${name}” takes one time range.`, "Give it one value.");
  return { extraFormData: { time_range: range }, filterState: { value: range }, id, ownState: {} };
};
