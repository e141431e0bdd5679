import type { Filters } from "#model/filters.ts";
import type { Pair } from "#render/servers/encode.ts";
import { refused, wantedOf } from "#render/servers/encode.ts";
import type { KnownFilter, Memory } from "#render/servers/memory.ts";

/** What must be known of a dashboard's parameter to set it. */
export interface RedashParameter {
  /** `text`, `number`, `enum`, `query`, `date`, `date-range` … */
  readonly type: string;
  /** Takes several values, as a JSON list. */
  readonly isMulti: boolean;
}

/**
 * A key `p_<name>`; several values as a JSON list (client/app/services/parameters). A value that an enum doesn't offer silently becomes
 * its first one (`EnumParameter.normalizeValue`): somebody else's data. So each is checked against the list.
 */
export const redashPairs = (
  filters: Filters,
  { server, key, memory }: { readonly server: string; readonly key: string; readonly memory: Memory<RedashParameter> },
): readonly Pair[] =>
  memory.demand(key, wantedOf(filters, server)).map(({ name, values, filter }): Pair => {
    const text = textFor(filter, values);
    if ("mistake" in text)
      throw refused(
        `Parameter “${name}” ${text.mistake}.`,
        "Change the parameter in Redash, or the recipient's filters.",
      );
    return [`p_${filter.name}`, text.value];
  });

const textFor = (
  { values: offered, detail }: KnownFilter<RedashParameter>,
  values: readonly string[],
): { readonly value: string } | { readonly mistake: string } => {
  const unknown = offered === null ? undefined : values.find((value) => !offered.includes(value));
  if (unknown !== undefined)
    return { mistake: `doesn't offer “${unknown}”, and Redash would show its first value instead` };
  // A list also for one value: `12` alone would be read as a number, which is none of the offered texts.
  if (detail.isMulti) return { value: JSON.stringify(values) };
  const [only] = values;
  return values.length === 1 && only !== undefined ? { value: only } : { mistake: "takes one value only" };
};
