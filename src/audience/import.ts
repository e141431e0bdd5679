import { type CsvSheet, readSheet } from "#audience/sheet.ts";
import { Fault } from "#model/fault.ts";
import { type Attribute, type Attributes, type Format, formats, valuesOf } from "#model/people.ts";
import type { Rows } from "#sources/port.ts";

/** Most rows that a list may have. */
export const MOST_ROWS = 200_000;

/** A person as a list names them. Addresses, zones and filters are judged when a slot is planned, so that a wrong one is named there. */
export interface ListRow {
  /** `people.csv row 7`: the line of the file on which the row begins; the first of them where several rows name one person. */
  readonly place: string;
  readonly key: string;
  readonly email: string;
  readonly name: string;
  readonly locale: string | null;
  readonly zone: string | null;
  readonly calendar: string | null;
  readonly kind: "person" | "mailbox";
  readonly formats: readonly Format[] | null;
  /** `"all"` where the list's column `filters` says so. */
  readonly filters: "all" | null;
  /** Every other column that isn't empty; several rows with one key make lists of their differing values. */
  readonly attributes: Attributes;
}

/** A row that can't be used. `cells` are what it holds, so that nobody in it is taken for having left the list. */
export interface RowMistake {
  readonly place: string;
  readonly what: string;
  readonly cells: readonly string[];
}

/** A list as it was read: everybody in it, and the rows that stop only themselves. */
export interface Listing {
  readonly rows: readonly ListRow[];
  readonly mistakes: readonly RowMistake[];
}

/** Columns that mean something; every other one is an attribute. Case doesn't matter. */
const ownColumns = ["email", "name", "key", "locale", "zone", "calendar", "kind", "formats", "filters"] as const;
type OwnColumn = (typeof ownColumns)[number];

/** One row as named cells, before it is understood. */
interface Cells {
  readonly place: string;
  readonly own: Readonly<Record<OwnColumn, string>>;
  readonly attributes: Readonly<Record<string, string>>;
  readonly all: readonly string[];
}

type Reading<T> = { readonly row: T } | { readonly mistake: string };

const isOwn = (column: string): column is OwnColumn => ownColumns.some((own) => own === column);

const cellsOf = (columns: readonly string[], all: readonly string[], place: string): Cells => {
  const own: Record<OwnColumn, string> = {
    ...{ email: "", name: "", key: "", locale: "", zone: "" },
    ...{ calendar: "", kind: "", formats: "", filters: "" },
  };
  const attributes: [string, string][] = [];
  for (const [at, column] of columns.entries()) {
    const value = (all[at] ?? "").trim();
    const name = column.toLowerCase();
    if (isOwn(name)) own[name] = value;
    else if (value !== "") attributes.push([column, value]);
  }
  return { place, own, attributes: Object.fromEntries(attributes), all };
};

const formatsOf = (cell: string): Reading<readonly Format[] | null> => {
  const words = cell
    .toLowerCase()
    .split(/[\s,;|+]+/)
    .filter((word) => word !== "");
  const odd = words.find((word) => !formats.some((format) => format === word));
  if (odd !== undefined) return { mistake: `“${odd}” in formats is none of ${formats.join(", ")}` };
  return { row: words.length === 0 ? null : formats.filter((format) => words.includes(format)) };
};

const kindOf = (cell: string): ListRow["kind"] | null => {
  const kind = cell.toLowerCase();
  if (kind === "" || kind === "person") return "person";
  return kind === "mailbox" ? "mailbox" : null;
};

/** As long as an address may be; the database's indexes hold no much longer ones. */
const longestKey = 254;

const rowOf = ({ place, own, attributes }: Cells): Reading<ListRow> => {
  const asked = formatsOf(own.formats);
  const kind = kindOf(own.kind);
  if ("mistake" in asked) return asked;
  if (kind === null) return { mistake: `“${own.kind}” in kind is neither person nor mailbox` };
  if (own.email === "" && own.key === "") return { mistake: "the row has no email" };
  const key = own.key === "" ? own.email.toLowerCase() : own.key;
  if (key.length > longestKey)
    return { mistake: `its ${own.key === "" ? "email" : "key"} is longer than ${longestKey} characters` };
  const sees = own.filters.toLowerCase();
  if (sees !== "" && sees !== "all") {
    return { mistake: "filters can only be the word all; values stand in columns of their own" };
  }
  return {
    row: {
      place,
      key,
      email: own.email,
      name: own.name,
      locale: own.locale === "" ? null : own.locale,
      zone: own.zone === "" ? null : own.zone,
      calendar: own.calendar === "" ? null : own.calendar,
      kind,
      formats: asked.row,
      filters: sees === "all" ? "all" : null,
      attributes,
    },
  };
};

const listOf = (value: Attribute | null | undefined): readonly string[] =>
  typeof value === "string" ? [value] : (value ?? []);

const mergedAttributes = (first: Attributes, second: Attributes): Attributes => {
  const names = [...new Set([...Object.keys(first), ...Object.keys(second)])];
  const merged = names.map((name): [string, Attribute] => {
    const values = [...new Set([...valuesOf(first, name), ...valuesOf(second, name)])];
    return [name, values.length === 1 ? (values[0] ?? "") : values];
  });
  return Object.fromEntries(merged);
};

/** What two rows of one person may not say differently. Which of them is right can't be known, so the later one is refused. */
const single = ["email", "locale", "zone", "calendar", "kind", "formats", "filters"] as const;

const contradiction = (first: ListRow, second: ListRow): string | null => {
  const differs = single.find((field) => {
    const [a, b] = [String(first[field] ?? ""), String(second[field] ?? "")];
    // What one row leaves open the other may say; but who sees all must be said by every row.
    const isOpen = field !== "filters" && field !== "kind" && (a === "" || b === "");
    return !isOpen && a.toLowerCase() !== b.toLowerCase();
  });
  return differs === undefined ? null : `it names “${first.key}” like ${first.place}, but with another ${differs}`;
};

const merge = (first: ListRow, second: ListRow): ListRow => ({
  ...first,
  email: first.email || second.email,
  name: first.name || second.name,
  locale: first.locale ?? second.locale,
  zone: first.zone ?? second.zone,
  calendar: first.calendar ?? second.calendar,
  formats: first.formats ?? second.formats,
  attributes: mergedAttributes(first.attributes, second.attributes),
});

const listingOf = (sheet: readonly Cells[], known: readonly RowMistake[]): Listing => {
  const rows = new Map<string, ListRow>();
  const mistakes: RowMistake[] = [...known];
  for (const cells of sheet) {
    const read = rowOf(cells);
    const first = "row" in read ? rows.get(read.row.key) : undefined;
    const mistake = "mistake" in read ? read.mistake : first && contradiction(first, read.row);
    if (mistake) mistakes.push({ place: cells.place, what: mistake, cells: cells.all });
    else if ("row" in read) rows.set(read.row.key, first === undefined ? read.row : merge(first, read.row));
  }
  return { rows: [...rows.values()], mistakes };
};

const judgeColumns = (columns: readonly string[], list: string): void => {
  const hint = `The first row of ${list} must name its columns: email, name, and any others that filters use.`;
  const lower = columns.map((column) => (isOwn(column.toLowerCase()) ? column.toLowerCase() : column));
  const twice = lower.find((column, at) => lower.indexOf(column) < at);
  if (twice !== undefined) throw new Fault("audience.unreadable", `${list} has the column “${twice}” twice.`, { hint });
  if (lower.includes("email")) return;
  const found = columns.length === 0 ? "it has none" : `it has ${columns.map((column) => `“${column}”`).join(", ")}`;
  throw new Fault("audience.unreadable", `${list} has no column “email”; ${found}.`, { hint });
};

const tooMany = (list: string): Fault =>
  new Fault("audience.unreadable", `${list} has more than ${MOST_ROWS.toLocaleString("en")} rows.`, {
    hint: "Split the list over several reports.",
  });

const shortRow = (sheet: CsvSheet, cells: readonly string[]): string | null => {
  const { columns } = sheet;
  const extra = cells.slice(columns.length).filter((cell) => cell.trim() !== "");
  if (cells.length >= columns.length && extra.length === 0) return null;
  return `it has ${cells.length} cells, the header has ${columns.length}`;
};

/** A CSV file's bytes → who is in it. `name` is what people call the file: `people.csv`. Throws `audience.unreadable`. */
export const readCsvList = (bytes: Uint8Array, name: string): Listing => {
  const sheet = readSheet(bytes, name);
  judgeColumns(sheet.columns, name);
  if (sheet.records.length > MOST_ROWS) throw tooMany(name);
  const mistakes: RowMistake[] = [];
  const whole = sheet.records.flatMap(({ cells, line }): readonly Cells[] => {
    const place = `${name} row ${line}`;
    const what = shortRow(sheet, cells);
    if (what === null) return [cellsOf(sheet.columns, cells, place)];
    mistakes.push({ place, what, cells });
    return [];
  });
  return listingOf(whole, mistakes);
};

/** The answer of a query → who is in it; rows count from 1. Throws `audience.unreadable`. */
export const readQueryList = ({ columns, rows }: Rows, source: string): Listing => {
  const list = `the query on ${source}`;
  judgeColumns(columns, list);
  if (rows.length > MOST_ROWS) throw tooMany(list);
  const cells = rows.map((row, at) =>
    cellsOf(
      columns,
      columns.map((column) => row[column] ?? ""),
      `${list} row ${at + 1}`,
    ),
  );
  return listingOf(cells, []);
};

/** A person as the tables have them from this list; callers may hand in more (ids) and get it back. */
export type KnownRow = Omit<ListRow, "place"> & { readonly active: boolean };

/** One field that a list changes, in words for people. */
export interface Difference {
  readonly field: string;
  readonly before: string;
  readonly after: string;
}

/** What reading a list would do. */
export interface ImportPlan<T extends KnownRow> {
  readonly add: readonly ListRow[];
  readonly change: readonly { readonly known: T; readonly row: ListRow; readonly differences: readonly Difference[] }[];
  readonly deactivate: readonly T[];
  readonly same: readonly { readonly known: T; readonly row: ListRow }[];
  /** Not in the list as far as it can be read, but named in a row that can't be used: they stay as they are. */
  readonly held: readonly T[];
  readonly mistakes: readonly RowMistake[];
}

const shown = (value: Attribute | null | undefined): string => listOf(value).join(", ");

/** Equal whatever the order: filters are sets of values. */
const isSame = (a: readonly string[], b: readonly string[]): boolean =>
  JSON.stringify([...a].sort()) === JSON.stringify([...b].sort());

/** What a list leaves open stays as an operator set it. */
const leftOpen = ["name", "locale", "zone", "calendar"] as const;
const always = ["email", "kind", "formats", "filters"] as const;

const differencesOf = (known: KnownRow, row: ListRow): readonly Difference[] => {
  const fields = [...always, ...leftOpen.filter((field) => row[field] !== null && row[field] !== "")];
  const plain = fields.map((field) => ({ field, before: shown(known[field]), after: shown(row[field]) }));
  const names = [...new Set([...Object.keys(known.attributes), ...Object.keys(row.attributes)])];
  const attributes = names
    .map((field) => ({ field, old: valuesOf(known.attributes, field), new: valuesOf(row.attributes, field) }))
    .filter((one) => !isSame(one.old, one.new))
    .map((one) => ({ field: one.field, before: shown(one.old), after: shown(one.new) }));
  const active = known.active ? [] : [{ field: "active", before: "no", after: "yes" }];
  return [...plain.filter(({ before, after }) => before !== after), ...attributes, ...active];
};

/** Everything that stands in rows that can't be used, so that their people are recognised by key or address. */
const namedIn = (mistakes: readonly RowMistake[]): ReadonlySet<string> => {
  const cells = mistakes.flatMap((mistake) => mistake.cells.map((cell) => cell.trim()));
  return new Set(cells.flatMap((cell) => [cell, cell.toLowerCase()]));
};

/** Compares who came from this list before with who is in it now. Decides nothing about other lists' people. */
export const importPlan = <T extends KnownRow>(current: readonly T[], { rows, mistakes }: Listing): ImportPlan<T> => {
  const byKey = new Map(current.map((known) => [known.key, known]));
  const listed = new Set(rows.map((row) => row.key));
  const met = rows.flatMap((row) => {
    const known = byKey.get(row.key);
    return known === undefined ? [] : [{ known, row, differences: differencesOf(known, row) }];
  });
  const gone = current.filter((known) => known.active && !listed.has(known.key));
  const named = namedIn(mistakes);
  const isHeld = ({ key, email }: T): boolean => named.has(key) || named.has(email.toLowerCase());
  return {
    add: rows.filter((row) => !byKey.has(row.key)),
    change: met.filter(({ differences }) => differences.length > 0),
    deactivate: gone.filter((known) => !isHeld(known)),
    same: met.filter(({ differences }) => differences.length === 0).map(({ known, row }) => ({ known, row })),
    held: gone.filter(isHeld),
    mistakes,
  };
};
