import type { Filters } from "#model/filters.ts";
import type { WebRules } from "#render/port.ts";
import type { Pair } from "#render/servers/encode.ts";
import { refused, wantedOf } from "#render/servers/encode.ts";

/** Filters as the page's rules want them: a key for each value, one text with commas, or one JSON list; the prefix before each name. */
export const webPairs = (filters: Filters, rules: WebRules, server: string): readonly Pair[] =>
  wantedOf(filters, server).flatMap(({ name, values }) => {
    const key = rules.filterPrefix + name;
    return texts(values, { rules, name }).map((value): Pair => [key, value]);
  });

const texts = (values: readonly string[], { rules, name }: { rules: WebRules; name: string }): readonly string[] => {
  switch (rules.filterStyle) {
    case "repeat":
      return values;
    case "json":
      return [JSON.stringify(values)];
    case "comma":
      return [withCommas(values, name)];
  }
};

/** No escape for a comma is agreed upon among plain pages, so a value that holds one can't be asked for in this style. */
const withCommas = (values: readonly string[], name: string): string => {
  const odd = values.find((value) => value.includes(","));
  if (odd === undefined) return values.join(",");
  throw refused(
    `“${odd}” of filter “${name}” holds a comma, which separates values here.`,
    "Set web.filterStyle to repeat or json if the page understands it.",
  );
};
