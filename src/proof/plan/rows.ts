import type { Finding, Question, Wanted } from "#proof/plan/judgement.ts";
import { together } from "#proof/plan/judgement.ts";
import { exact, exactSet, findName, namesLike, own, quoted } from "#proof/plan/names.ts";

type Csv = NonNullable<Question["evidence"]["csv"]>;

/** Proves a CSV (and the XLSX made of the same rows): every row holds one of the recipient's values in the filter's column. */
export const judgeRows = (question: Question, wanted: readonly Wanted[]): Finding => {
  const { csv } = question.evidence;
  if (csv === null) return unproven("The view gave no rows, so there is nothing to compare with the filters.");
  if (csv.rows === 0) return { verdict: "empty", evidence: ["The CSV has no rows, which proves nothing."] };
  return together(wanted.map((one) => judgeColumn(one, csv, columnFor(one.filter, csv.columns, question))));
};

/** The column that carries a filter: declared in `proof.columns`, else the catalog's, else the one named like the filter. */
const columnFor = (
  filter: string,
  columns: readonly string[],
  question: Question,
): { name: string } | { why: string } => {
  const declared = own(question.rules.columns, filter);
  if (declared !== undefined) {
    if (columns.includes(declared)) return { name: declared };
    return { why: `The CSV has no column “${declared}”, which proof.columns names for ${filter}; ${has(columns)}` };
  }
  const listed = own(question.filterColumns, filter);
  if (listed !== undefined && columns.includes(listed)) return { name: listed };
  return guessed(filter, columns);
};

/** A second column that looks like it may hold somebody else's rows, so the exact name alone doesn't decide. */
const guessed = (filter: string, columns: readonly string[]): { name: string } | { why: string } => {
  const found = findName(filter, columns);
  if (found !== null && "name" in found && new Set(namesLike(filter, columns)).size <= 1) return found;
  const why =
    found === null ? `No column of the CSV is named like ${filter}` : `Several columns are named like ${filter}`;
  return { why: `${why}; ${has(columns)} Name the right one in proof.columns: { ${filter}: … }.` };
};

const has = (columns: readonly string[]): string => `it has ${quoted(columns, 12)}.`;

const judgeColumn = ({ filter, values }: Wanted, csv: Csv, column: { name: string } | { why: string }): Finding => {
  if ("why" in column) return unproven(column.why);
  if (csv.columns.filter((name) => name === column.name).length > 1)
    return unproven(`${filter}: the CSV has several columns called “${column.name}”; give them different names.`);
  const counts = countsOf(own(csv.values, column.name) ?? {});
  const wanted = exactSet(values);
  const foreign = [...counts.keys()].filter((value) => !wanted.has(value));
  if (foreign.length > 0) return foreignRows(filter, column.name, { foreign, counts, rows: csv.rows });
  if (csv.cut.includes(column.name)) {
    return unproven(`${filter}: column “${column.name}” holds too many different values to look at each of them.`);
  }
  const seen = [...counts.values()].reduce((sum, count) => sum + count, 0);
  if (seen < csv.rows)
    return unproven(`${filter}: ${csv.rows - seen} of ${csv.rows} rows have no cell in “${column.name}”.`);
  return ownRows(filter, column.name, { rows: csv.rows, wanted, counts });
};

const countsOf = (values: Readonly<Record<string, number>>): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>();
  for (const [value, count] of Object.entries(values))
    counts.set(exact(value), (counts.get(exact(value)) ?? 0) + count);
  return counts;
};

interface Foreign {
  readonly foreign: readonly string[];
  readonly counts: ReadonlyMap<string, number>;
  readonly rows: number;
}

const foreignRows = (filter: string, column: string, { foreign, counts, rows }: Foreign): Finding => {
  const hit = foreign.reduce((sum, value) => sum + (counts.get(value) ?? 0), 0);
  return {
    verdict: "mismatch",
    evidence: [`${filter}: ${hit} of ${rows} rows hold something else in column “${column}”: ${quoted(foreign)}.`],
  };
};

interface Own {
  readonly rows: number;
  readonly wanted: ReadonlySet<string>;
  readonly counts: ReadonlyMap<string, number>;
}

/**
 * All rows are the recipient's. A value without rows leaves the verdict as it is and is told as a warning: a region that sold
 * nothing yesterday is an ordinary day, and holding back its report would teach people to switch the proof off.
 */
const ownRows = (filter: string, column: string, { rows, wanted, counts }: Own): Finding => {
  const present = [...wanted].filter((value) => counts.has(value));
  const missing = [...wanted].filter((value) => !counts.has(value));
  const evidence = [`${filter}: all ${rows} rows hold ${quoted(present)} in column “${column}”.`];
  if (missing.length === 0) return { verdict: "proven", evidence };
  return { verdict: "proven", evidence, warnings: [`${filter}: there are no rows for ${quoted(missing)}.`] };
};

const unproven = (sentence: string): Finding => ({ verdict: "unproven", evidence: [sentence] });
