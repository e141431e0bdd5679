import type { Filters } from "#model/filters.ts";
import type { Pair } from "#render/servers/encode.ts";
import { refused, wantedOf } from "#render/servers/encode.ts";

/**
 * One field for each filter, its values separated by commas (help.tableau.com, embed_structure.htm). A comma within a value means
 * “or” (VizAlerts#77), so it is escaped by a backslash; two users confirmed that for the REST API's `vf_` filters
 * (server-client-python#632), and percent-encoding alone doesn't help (#829). A backslash itself is doubled by analogy.
 */
export const tableauPairs = (filters: Filters, server: string): readonly Pair[] =>
  wantedOf(filters, server).map(({ name, values }): Pair => {
    // Names that begin with a colon are the page's own options (`:refresh`, `:embed`).
    if (name.startsWith(":"))
      throw refused(`“${name}” is an option of Tableau's page, not a filter.`, "Name a field or a parameter.");
    return [name, values.map(escaped).join(",")];
  });

const escaped = (value: string): string => value.replace(/[\\,]/g, (char) => `\\${char}`);
