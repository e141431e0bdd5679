import type { Filters } from "#model/filters.ts";
import type { Format } from "#model/people.ts";

/** What a file's name is made of. */
export interface NamedFile {
  readonly report: string;
  /** Name of the view, where the email holds several; else `null`. */
  readonly view: string | null;
  readonly filters: Filters;
  /** `YYYY-MM-DD`. */
  readonly date: string;
  readonly format: Format | "jpg";
}

/** Windows and many mail gateways take 255 bytes; with a folder before it, 120 is what always works. */
const mostBytes = 120;

/** Names that Windows keeps for devices, with or without an extension. */
const reserved = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?=\.|$)/i;

/** `daily-sales_North_2026-11-19.pdf` for each file, safe on every system and unique within the email. */
export const fileNames = (files: readonly NamedFile[]): readonly string[] => {
  const taken = new Set<string>();
  return files.map((file) => {
    const stem = stemOf(file);
    const name = firstFree((turn) => `${shorten(stem, turn)}.${file.format}`, taken);
    taken.add(folded(name));
    return name;
  });
};

const stemOf = ({ report, view, filters, date }: NamedFile): string => {
  const values = filters === "all" ? [] : Object.values(filters).flat();
  const middle = values.length > 4 ? [...values.slice(0, 3), "etc"] : values;
  const words = [report, view ?? "", middle.map(safe).join("-")].map(safe).filter((word) => word !== "");
  // The date stands at the end and must survive the cut, so the front is cut to leave it room.
  return `${cutBytes(words.join("_") || "report", mostBytes - 20)}_${safe(date)}`;
};

const shorten = (stem: string, turn: number): string => {
  const named = turn === 1 ? stem : `${stem}_${turn}`;
  return reserved.test(named) ? `_${named}` : named;
};

const firstFree = (nameAt: (turn: number) => string, taken: ReadonlySet<string>): string => {
  for (let turn = 1; ; turn += 1) {
    const name = nameAt(turn);
    if (!taken.has(folded(name))) return name;
  }
};

/** Windows and macOS hold `A.pdf` and `a.PDF` for one file. */
const folded = (name: string): string => name.normalize("NFKC").toLowerCase();

/**
 * One word of a name: letters of every script stay (NFC), whatever a file system or a shell reads as something else becomes “-”.
 * Marks that turn the direction of writing are taken out: `invoice\u202Efdp.exe` reads as a PDF.
 */
export const safe = (text: string): string =>
  text
    .normalize("NFC")
    .replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}]/gu, "")
    .replaceAll(/[\\/:*?"<>|%;,'`$&!{}#^~\s\p{Zl}\p{Zp}]+/gu, "-")
    .replaceAll(/\.{2,}/g, ".")
    .replaceAll(/-{2,}/g, "-")
    .replaceAll(/^[-._+ ]+|[-._ ]+$/g, "");

const cutBytes = (text: string, most: number): string => {
  let bytes = 0;
  let kept = "";
  for (const char of text) {
    bytes += byteLength(char);
    if (bytes > most) break;
    kept += char;
  }
  return kept.replace(/[-._ ]+$/, "");
};

const byteLength = (char: string): number => {
  const code = char.codePointAt(0) ?? 0;
  if (code < 0x80) return 1;
  if (code < 0x800) return 2;
  return code < 0x10000 ? 3 : 4;
};
