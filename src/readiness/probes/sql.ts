import { Fault, wordsOf } from "#model/fault.ts";
import type { ProbeSpec } from "#model/report.ts";
import type { Probe, ProbeAnswer, ProbeQuestion } from "#readiness/port.ts";
import type { Rows, Source } from "#sources/port.ts";

/**
 * Asks a source. `:date` is the slot's date, `:nominal` its instant; where the question has filters, `:filter_region` is the list of
 * values of the filter “Region” (lower case, other characters than letters and digits as `_`).
 *
 * The first cell decides: no row, NULL, false or 0 is “not ready”; a date or a time (in UTC) is ready from the slot's date on and is the
 * data's own date; anything else is ready, since a row is there.
 */
export const sqlProbe = (spec: Extract<ProbeSpec, { readonly kind: "sql" }>, source: Source): Probe => ({
  name: `query on ${spec.source}`,
  ask: async (question, signal) => {
    try {
      return judge(await source.query({ sql: spec.sql, parameters: parametersOf(question), signal }), question.date);
    } catch (cause) {
      const hint = "run the query by hand; the slot waits and it is asked again";
      throw new Fault("readiness.probe", wordsOf(cause), { hint, retry: "later", cause });
    }
  },
});

const parametersOf = ({
  date,
  nominal,
  filters,
}: ProbeQuestion): Readonly<Record<string, string | readonly string[]>> => {
  const bound: Record<string, string | readonly string[]> = { date, nominal: nominal.toString() };
  if (filters === null || filters === "all") return bound;
  for (const [name, values] of Object.entries(filters)) {
    bound[`filter_${name.toLowerCase().replace(/[^a-z0-9]+/g, "_")}`] = values;
  }
  return bound;
};

const judge = ({ columns, rows }: Rows, date: string): ProbeAnswer => {
  const [row] = rows;
  const [column] = columns;
  if (row === undefined || column === undefined) return not("the query gave no row");
  const cell = row[column] ?? null;
  if (cell === null) return not("the first cell is empty");
  if (/^(f|false|0+(\.0+)?)$/i.test(cell)) return not(`the first cell is ${cell === "f" ? "false" : cell}`);
  const found = /^(\d{4}-\d{2}-\d{2})([ T].*)?$/.exec(cell);
  if (found !== null) return fresh(cell, found[1] ?? "", date);
  return { ready: true, words: `the first cell is ${cell === "t" ? "true" : shortened(cell)}`, dataAsOf: null };
};

const not = (words: string): ProbeAnswer => ({ ready: false, words, dataAsOf: null });

const fresh = (cell: string, day: string, date: string): ProbeAnswer =>
  day >= date
    ? { ready: true, words: `the data is of ${cell}`, dataAsOf: cell }
    : { ready: false, words: `the data is of ${cell}, wanted is ${date}`, dataAsOf: cell };

const shortened = (text: string): string => (text.length > 60 ? `${text.slice(0, 60)}…` : text);
