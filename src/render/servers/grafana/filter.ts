import type { Filters } from "#model/filters.ts";
import type { Pair } from "#render/servers/encode.ts";
import { refused, wantedOf } from "#render/servers/encode.ts";
import type { Memory } from "#render/servers/memory.ts";

/** What must be known of a dashboard's variable to set it. */
export interface GrafanaVariable {
  readonly type: string;
  /** Takes several values. */
  readonly isMulti: boolean;
  /** Takes no value from the address. */
  readonly isUrlIgnored: boolean;
}

/** Words that stand for every value of a variable. */
const everything = ["$__all", "All"];

/** A key `var-<name>` for each value (grafana docs, create-dashboard-url-variables). */
export const grafanaPairs = (
  filters: Filters,
  { server, key, memory }: { readonly server: string; readonly key: string; readonly memory: Memory<GrafanaVariable> },
): readonly Pair[] =>
  memory.demand(key, wantedOf(filters, server)).flatMap(({ name, values, filter }) => {
    const mistake = mistakeIn(filter.detail, values);
    if (mistake !== null)
      throw refused(`Variable “${name}” ${mistake}.`, "Change the variable in Grafana, or the recipient's filters.");
    return values.map((value): Pair => [`var-${filter.name}`, value]);
  });

const mistakeIn = (variable: GrafanaVariable, values: readonly string[]): string | null => {
  if (variable.isUrlIgnored) return "takes no value from the address (skipUrlSync)";
  // Commas in ad hoc filters break (grafana#122631), and their shape is no list of values.
  if (["adhoc", "constant", "datasource", "interval", "groupby"].includes(variable.type))
    return `is of the type “${variable.type}”, which filters nothing`;
  if (values.length > 1 && !variable.isMulti) return "takes one value only";
  const all = values.find((value) => everything.includes(value));
  return all === undefined ? null : `can't be set to “${all}”, which Grafana reads as every value`;
};
