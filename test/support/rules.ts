/** Reads the linter's configuration: it is the only place where the house's import table is written down. */
import { read } from "./sources.ts";

interface Override {
  readonly includes: readonly string[];
  readonly linter?: { readonly rules?: { readonly style?: Readonly<Record<string, unknown>> } };
}

const overrides: readonly Override[] = JSON.parse(read("biome.json")).overrides;

const withRule = (name: string): readonly Override[] =>
  overrides.filter(({ linter }) => linter?.rules?.style && name in linter.rules.style);

/** The globs that have an import rule, as written: `src/model/**`, `src/slot.ts`. */
export const placesWithRule: readonly string[] = withRule("noRestrictedImports")
  .flatMap(({ includes }) => includes)
  .filter((glob) => !glob.startsWith("!"));

/** The globs of each rule that forbids the clock's globals: the pure places. */
export const pureRules: readonly (readonly string[])[] = withRule("noRestrictedGlobals").map(
  ({ includes }) => includes,
);
