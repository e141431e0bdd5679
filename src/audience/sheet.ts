import { parse } from "csv-parse/sync";
import { Fault, wordsOf } from "#model/fault.ts";

/** A CSV file as cells. Rows have as many cells as they have; blank lines are left out. */
export interface CsvSheet {
  readonly columns: readonly string[];
  /** `line` counts from 1 and is where the row begins, since a quoted cell may run over several. */
  readonly records: readonly { readonly cells: readonly string[]; readonly line: number }[];
}

/** Largest file that is read, in bytes. */
const MOST_BYTES = 50 * 1024 * 1024;

const unreadable = (what: string, hint: string, cause?: unknown): Fault =>
  new Fault("audience.unreadable", what, { hint, cause });

const saveAs = "Save it as “CSV UTF-8 (comma delimited)”.";

/** Line of the first byte that isn't UTF-8. */
const oddLine = (bytes: Uint8Array): number => {
  const decoded = new TextDecoder("utf-8").decode(bytes);
  return decoded.slice(0, decoded.indexOf("\uFFFD")).split("\n").length;
};

/** Excel's “Unicode text” is UTF-16 with a mark at its front; it is read like the rest. */
const encodingOf = (bytes: Uint8Array): "utf-8" | "utf-16le" | "utf-16be" => {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return "utf-16le";
  return first === 0xfe && second === 0xff ? "utf-16be" : "utf-8";
};

const textOf = (bytes: Uint8Array, name: string): string => {
  if (bytes.length > MOST_BYTES)
    throw unreadable(`${name} is larger than 50 MB.`, "Split the list over several reports.");
  const encoding = encodingOf(bytes);
  if (encoding === "utf-8" && bytes.subarray(0, 1000).includes(0)) {
    throw unreadable(
      `${name} is no CSV file: it holds zero bytes.`,
      `${saveAs} A spreadsheet (.xlsx) can't be read as it is.`,
    );
  }
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch (cause) {
    throw unreadable(`${name} isn't in UTF-8: line ${oddLine(bytes)} holds another encoding's letters.`, saveAs, cause);
  }
};

const delimiters = [",", ";", "\t"] as const;

/** The sign that parts the header's names: the one it holds most of, outside quotes; a comma when it holds none. */
const delimiterOf = (text: string): string => {
  const bare = text.trimStart().replaceAll(/"(?:[^"]|"")*"/g, "x");
  const header = /^[^\r\n]*/.exec(bare)?.[0] ?? "";
  const counts = delimiters.map((sign) => header.split(sign).length);
  return delimiters[counts.indexOf(Math.max(...counts))] ?? ",";
};

interface RawRecord {
  readonly record: readonly string[];
  /** `bytes`: the file read so far, from which the row's line is counted. */
  readonly info: { readonly bytes: number };
}

const parsed = (bytes: Buffer, delimiter: string, name: string): readonly RawRecord[] => {
  try {
    const options = {
      delimiter,
      info: true,
      record_delimiter: ["\r\n", "\n", "\r"],
      relax_column_count: true,
      relax_quotes: true,
    };
    return parse(bytes, options) as unknown as readonly RawRecord[];
  } catch (cause) {
    const line = /at line (\d+)/.exec(wordsOf(cause))?.[1];
    throw unreadable(
      `${name} can't be read as CSV${line === undefined ? "" : `: a quote is not closed before line ${line}`}.`,
      "Look for a cell that begins with a quote and doesn't end with one.",
      cause,
    );
  }
};

const NEWLINE = 10;
const RETURN = 13;

/** Walks along the bytes once, counting lines; a lone carriage return ends a line as well. */
const lineCounter = (bytes: Buffer) => {
  let at = 0;
  let line = 1;
  return (upTo: number): number => {
    for (; at < upTo; at += 1) {
      if (bytes[at] === NEWLINE || (bytes[at] === RETURN && bytes[at + 1] !== NEWLINE)) line += 1;
    }
    return line;
  };
};

const isBlank = (cells: readonly string[]): boolean => cells.every((cell) => cell.trim() === "");

/** A spreadsheet that once had more columns ends its header with nameless ones. */
const withoutTail = (header: readonly string[]): readonly string[] => {
  const names = header.map((name) => name.trim());
  return names.slice(0, names.findLastIndex((name) => name !== "") + 1);
};

/** A CSV file's bytes (UTF-8 or UTF-16; comma, semicolon or tab) → its cells. Throws `audience.unreadable`. */
export const readSheet = (bytes: Uint8Array, name: string): CsvSheet => {
  const text = textOf(bytes, name);
  const plain = Buffer.from(text);
  const lineAt = lineCounter(plain);
  let begin = 0;
  const records = parsed(plain, delimiterOf(text), name).map(({ record, info }) => {
    const line = lineAt(begin);
    begin = info.bytes;
    return { cells: record, line };
  });
  const [header, ...rest] = records.filter(({ cells }) => !isBlank(cells));
  const columns = withoutTail(header?.cells ?? []);
  const nameless = columns.indexOf("");
  if (nameless !== -1) {
    throw unreadable(
      `Column ${nameless + 1} of ${name} has no name.`,
      "Name every column in the first row, or remove it.",
    );
  }
  return { columns, records: rest };
};
