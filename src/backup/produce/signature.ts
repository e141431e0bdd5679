/** What good archives look like at their two ends. */

const text = (words: string): Uint8Array => Uint8Array.from(words, (letter) => letter.charCodeAt(0));

/** First bytes by the last part of the extension; other extensions may begin with anything. */
const beginnings: Readonly<Record<string, readonly Uint8Array[]>> = {
  dump: [text("PGDMP")],
  sqlite: [text("SQLite format 3\0")],
  zst: [Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd)],
  gz: [Uint8Array.of(0x1f, 0x8b)],
  xz: [Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a)],
  bz2: [text("BZh")],
  zip: [text("PK\u0003\u0004"), text("PK\u0005\u0006")],
  tsbak: [text("PK\u0003\u0004")],
  age: [text("age-encryption.org/v1")],
};

/** How many bytes `recognise` wants to see. */
export const FIRST_BYTES = 32;

const beginsWith = (bytes: Uint8Array, wanted: Uint8Array): boolean => wanted.every((byte, at) => bytes[at] === byte);

const kindOf = (extension: string): string => extension.toLowerCase().split(".").at(-1) ?? "";

/**
 * Whether the first bytes are those of such a file: `true`, `false`, or `null` for an extension that promises nothing. `begins` is a
 * text of the operator's own that stands before what the extension says.
 */
export const recognise = (extension: string, first: Uint8Array, begins: string | null = null): boolean | null => {
  if (begins !== null) return beginsWith(first, new TextEncoder().encode(begins));
  const wanted = beginnings[kindOf(extension)];
  return wanted === undefined ? null : wanted.some((one) => beginsWith(first, one));
};

/** Where a zip's end mark may stand: behind it is only a comment of at most 65,535 bytes. */
export const LAST_BYTES = 22 + 65_535;

const endOfZip = text("PK\u0005\u0006");

const holds = (bytes: Uint8Array, wanted: Uint8Array): boolean => {
  for (let at = bytes.length - wanted.length; at >= 0; at -= 1) if (beginsWith(bytes.subarray(at), wanted)) return true;
  return false;
};

/** Pages × size of a page, as an SQLite file says of itself; a page size of 1 stands for 65,536. */
const sqliteBytes = (first: Uint8Array): number => {
  const view = new DataView(first.buffer, first.byteOffset, first.byteLength);
  const page = view.getUint16(16);
  return view.getUint32(28) * (page === 1 ? 65_536 : page);
};

/** False for a file of a known kind that was cut off: a zip without its end mark, an SQLite file shorter than it says. */
export const isWhole = (
  extension: string,
  { first, last, bytes }: { readonly first: Uint8Array; readonly last: Uint8Array; readonly bytes: number },
): boolean => {
  const kind = kindOf(extension);
  if (kind === "tsbak" || kind === "zip") return holds(last, endOfZip);
  return kind !== "sqlite" || first.length < FIRST_BYTES || bytes >= sqliteBytes(first);
};
