import type { Filters } from "#model/filters.ts";
import type { Pair } from "#render/servers/encode.ts";
import { refused, wantedOf } from "#render/servers/encode.ts";

/** Parameters of the page itself, which a filter may not be called. */
const own = ["lang", "theme"];

/** A key for each value: `Region=North&Region=South`. The server ignores names that it doesn't know, in silence. */
export const samplePairs = (filters: Filters, server: string): readonly Pair[] =>
  wantedOf(filters, server).flatMap(({ name, values }) => {
    if (own.includes(name)) throw refused(`“${name}” is a parameter of the page.`, "Give the filter another name.");
    return values.map((value): Pair => [name, value]);
  });
