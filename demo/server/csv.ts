import type { Row } from "./tile.ts";

const cell = (value: string | number | undefined): string => {
  const text = typeof value === "number" ? String(value) : (value ?? "");
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

/** RFC 4180: a header, CRLF after each line, quotes where they are needed, numbers with a dot. */
export const csvOf = (header: readonly string[], rows: readonly Row[]): string =>
  [header, ...rows.map((row) => header.map((column) => row[column]))]
    .map((line) => `${line.map(cell).join(",")}\r\n`)
    .join("");
