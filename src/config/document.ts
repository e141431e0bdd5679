import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  visit,
  type YAMLError,
} from "yaml";
import { Fault } from "#model/fault.ts";

/** Keys and places in lists, from the top: `["reports", "daily-sales", "facts", 0, "csv"]`. */
export type Path = readonly (string | number)[];

/** Where something stands in the file; both count from 1. */
export interface Spot {
  readonly line: number;
  readonly column: number;
}

/** The file as plain values, and where each of them stands. */
export interface Document {
  readonly file: string;
  readonly value: unknown;
  /** The spot of a key or its value; of the deepest key above it that exists, when it doesn't. */
  spotOf(path: Path, part: "key" | "value"): Spot;
}

/**
 * The parser's own sentences are about its grammar and may quote the file, which may hold a password, so each of its codes has
 * a sentence of ours.
 */
const sentences: Readonly<Record<string, string>> = {
  BAD_INDENT: "The indentation doesn't fit the lines above, or a bracket isn't closed.",
  TAB_AS_INDENT: "A tab stands at the beginning of the line; indent with blanks.",
  DUPLICATE_KEY: "This key stands here for the second time; keep one of them.",
  BLOCK_AS_IMPLICIT_KEY:
    "A second “key: value” stands on one line; put a text that holds “: ” in quotes, or begin a new line.",
  MULTILINE_IMPLICIT_KEY: "A key runs over several lines; a colon or a quote may be missing.",
  MISSING_CHAR: "A quote, bracket or comma is missing.",
  UNEXPECTED_TOKEN: "Something stands here that doesn't belong; a quote, bracket or colon may be missing.",
  BAD_SCALAR_START: "A text can't begin with this sign; put it in quotes.",
  BAD_ALIAS: "A * begins an alias; put the text in quotes.",
  BAD_DQ_ESCAPE: "A backslash in double quotes isn't followed by what it may; use single quotes.",
  KEPT_NAME: "“__proto__” can't be a name here; choose another.",
  MULTIPLE_DOCS: "A second document begins here; remove the line ---.",
};

const unreadable = (file: string, errors: readonly { readonly spot: Spot; readonly code: string }[]): Fault => {
  const told = errors.map(({ spot, code }) => {
    const sentence = sentences[code] ?? "This can't be read as YAML.";
    return `${file}:${spot.line}:${spot.column} ${sentence}`;
  });
  return new Fault("config.unreadable", told.join("\n"), {
    hint: `Correct the first line named in ${file} and try again.`,
  });
};

interface Parsed {
  readonly root: Node | null;
  readonly lines: LineCounter;
}

const spotAt = (lines: LineCounter, offset: number): Spot => {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(line, 1), column: Math.max(col, 1) };
};

const startOf = (node: unknown): number | null => {
  const range = (node as { readonly range?: readonly number[] | null } | null)?.range;
  return range?.[0] ?? null;
};

const pairOf = (node: unknown, key: string | number): Pair | undefined =>
  isMap(node)
    ? node.items.find((pair) => String(isScalar(pair.key) ? pair.key.value : pair.key) === String(key))
    : undefined;

const spotIn = ({ root, lines }: Parsed, path: Path, part: "key" | "value"): Spot => {
  let node: unknown = root;
  let offset = startOf(root) ?? 0;
  for (const [depth, key] of path.entries()) {
    const target = isAlias(node) ? undefined : node;
    const pair = pairOf(target, key);
    const child = isSeq(target) ? target.items[Number(key)] : pair?.value;
    const wanted = depth === path.length - 1 && part === "value" ? child : (pair?.key ?? child);
    const found = startOf(wanted) ?? startOf(pair?.key);
    if (found === null) break;
    offset = found;
    node = child;
  }
  return spotAt(lines, offset);
};

const plainOf = (file: string, read: () => unknown): unknown => {
  try {
    return read();
  } catch (cause) {
    const hint = `Write the settings of ${file} out instead of repeating them by aliases.`;
    throw new Fault("config.unreadable", `${file} names an alias that doesn't exist, or too many of them.`, {
      hint,
      cause,
    });
  }
};

/**
 * Where keys stand that mean something to the language itself: an object drops `__proto__` in silence, and a filter that is dropped
 * would show everybody everything.
 */
const keptNames = (parsed: ReturnType<typeof parseDocument>): readonly number[] => {
  const offsets: number[] = [];
  visit(parsed, {
    Pair: (_, { key }) => {
      if (isScalar(key) && key.value === "__proto__") offsets.push(startOf(key) ?? 0);
    },
  });
  return offsets;
};

/** YAML text → values and their spots; throws `config.unreadable` with line and column when it isn't YAML. */
export const readDocument = (file: string, text: string): Document => {
  const lines = new LineCounter();
  const parsed = parseDocument(text.replace(/^\uFEFF/, ""), { lineCounter: lines, prettyErrors: false, merge: true });
  if (parsed.errors.length > 0) {
    const seen = parsed.errors.map(({ code, pos }: YAMLError) => ({ code, spot: spotAt(lines, pos[0]) }));
    throw unreadable(
      file,
      seen.filter(({ spot }, at) => seen.findIndex((other) => other.spot.line === spot.line) === at),
    );
  }
  const kept = keptNames(parsed).map((offset) => ({ code: "KEPT_NAME", spot: spotAt(lines, offset) }));
  if (kept.length > 0) throw unreadable(file, kept);
  return {
    file,
    value: plainOf(file, () => parsed.toJS()),
    spotOf: (path, part) => spotIn({ root: parsed.contents, lines }, path, part),
  };
};
