/**
 * Makes a PDF of Chromium's smaller without changing what is in it. Chromium writes every word's place in the document's structure, which
 * screen readers read, as an object of its own in plain text: three quarters of a dashboard's PDF. Object streams (PDF 1.5, ISO 32000-1, 7.5.7
 * and 7.5.8) hold such objects compressed.
 */
import { promisify } from "node:util";
import { deflate } from "node:zlib";

const compress = promisify(deflate);

/** More would make a reader unpack much for little; the cross-reference holds an object's place in two bytes. */
const mostInOne = 1_000;

/** An object of the document: `number 0 obj`, its body, `endobj`. */
interface PdfObject {
  readonly number: number;
  readonly bytes: Buffer;
  /** Its body, where it is no stream and may lie in one. */
  readonly body: string | null;
}

/** A document as it was read: whatever is not exactly as Chromium writes it is not read at all. */
interface PdfParts {
  readonly head: Buffer;
  readonly objects: readonly PdfObject[];
  readonly size: number;
  /** Entries of the trailer that the new one keeps. */
  readonly trailer: string;
}

/** The same document with its small objects compressed; as it was, where it isn't written as expected or wouldn't become smaller. */
export const packPdf = async (pdf: Uint8Array): Promise<Uint8Array> => {
  const bytes = Buffer.from(pdf.buffer, pdf.byteOffset, pdf.byteLength);
  const parts = read(bytes);
  const packed = parts === null ? null : await write(parts);
  return packed === null || packed.byteLength >= pdf.byteLength ? pdf : packed;
};

const read = (bytes: Buffer): PdfParts | null => {
  const end = /startxref\n(\d+)\n%%EOF\n?$/.exec(bytes.toString("latin1", Math.max(0, bytes.length - 64)));
  const table = Number(end?.[1] ?? Number.NaN);
  if (!(table > 0 && table < bytes.length)) return null;
  const found = /^xref\n0 (\d+)\n((?:\d{10} \d{5} [nf] ?\r?\n)+)trailer\n<<(.*)>>\nstartxref/s.exec(
    bytes.toString("latin1", table),
  );
  const trailer = found === null ? null : keptOf(found[3] ?? "");
  const places = placesIn(found?.[2] ?? "");
  if (trailer === null || places === null || places.length !== Number(found?.[1])) return null;
  const used = places.flatMap((place, number) => (place === null ? [] : [{ number, place }]));
  const ordered = used.toSorted((a, b) => a.place - b.place);
  const objects = ordered.map(({ number, place }, at) =>
    objectIn(bytes.subarray(place, ordered[at + 1]?.place ?? table), number),
  );
  const whole = objects.filter((one) => one !== null);
  const head = headOf(bytes.subarray(0, ordered[0]?.place ?? 0));
  if (head === null || whole.length !== objects.length) return null;
  return { head, objects: whole, size: places.length, trailer };
};

/** Where each object lies; `null` in the place of one that isn't used. An object of a later generation is nothing that Chromium writes. */
const placesIn = (table: string): readonly (number | null)[] | null => {
  const rows = table.trimEnd().split(/\r?\n/);
  const places = rows.map((row) => (row[17] === "n" ? Number(row.slice(0, 10)) : null));
  const isFirst = rows.every((row, number) => row[17] !== "n" || (number > 0 && row.slice(11, 16) === "00000"));
  return isFirst ? places : null;
};

/** A trailer with anything else belongs to a document that was changed, or is encrypted. */
const keptOf = (trailer: string): string | null => {
  const kept = trailer.replace(/\/Size \d+/, "").trim();
  return /^(?:\/(?:Root|Info) \d+ 0 R|\/ID\s*\[\s*<[0-9A-Fa-f]*>\s*<[0-9A-Fa-f]*>\s*\]|\s)+$/.test(kept) ? kept : null;
};

const headOf = (head: Buffer): Buffer | null => {
  const version = /^%PDF-1\.([4-7])\n/.exec(head.toString("latin1"))?.[1];
  if (version === undefined) return null;
  return version === "4" ? Buffer.concat([Buffer.from("%PDF-1.5"), head.subarray(8)]) : head;
};

const objectIn = (bytes: Buffer, number: number): PdfObject | null => {
  const text = bytes.toString("latin1");
  const begin = `${number} 0 obj\n`;
  const end = /\s+endobj\s*$/.exec(text);
  if (!text.startsWith(begin) || end === null) return null;
  const body = text.slice(begin.length, end.index);
  if (!body.endsWith("endstream")) return { number, bytes, body };
  // Not every reader looks into an object stream for the length of another stream.
  return /\/Length\s+\d+\s+\d+\s+R/.test(body.slice(0, body.indexOf("stream"))) ? null : { number, bytes, body: null };
};

/** Where an object is in the new document: at a byte, or in an object stream. */
type Entry = { readonly at: number } | { readonly within: number; readonly index: number };

const write = async ({ head, objects, size, trailer }: PdfParts): Promise<Buffer | null> => {
  const pieces: Buffer[] = [head];
  const entries = new Map<number, Entry>();
  let at = head.length;
  const add = (number: number, bytes: Buffer): void => {
    entries.set(number, { at });
    pieces.push(bytes);
    at += bytes.length;
  };
  for (const { number, bytes, body } of objects) if (body === null) add(number, bytes);
  const small = objects.flatMap(({ number, body }) => (body === null ? [] : [{ number, body }]));
  let next = size;
  for (let from = 0; from < small.length; from += mostInOne) {
    const batch = small.slice(from, from + mostInOne);
    for (const [index, { number }] of batch.entries()) entries.set(number, { within: next, index });
    add(next, await objectStream(next, batch));
    next += 1;
  }
  const place = at;
  entries.set(next, { at: place });
  pieces.push(await crossReference({ number: next, entries, trailer }), Buffer.from(`startxref\n${place}\n%%EOF\n`));
  return Buffer.concat(pieces);
};

const streamObject = async (number: number, entries: string, content: Buffer): Promise<Buffer> => {
  const packed = await compress(content);
  const begin = `${number} 0 obj\n<<${entries} /Filter /FlateDecode /Length ${packed.length}>>\nstream\n`;
  return Buffer.concat([Buffer.from(begin, "latin1"), packed, Buffer.from("\nendstream\nendobj\n")]);
};

const objectStream = (number: number, batch: readonly { number: number; body: string }[]): Promise<Buffer> => {
  let at = 0;
  const index = batch.map((one) => {
    const from = at;
    at += one.body.length + 1;
    return `${one.number} ${from}`;
  });
  const first = `${index.join(" ")}\n`;
  const content = Buffer.from(`${first}${batch.map(({ body }) => body).join("\n")}\n`, "latin1");
  return streamObject(number, `/Type /ObjStm /N ${batch.length} /First ${first.length}`, content);
};

interface CrossReference {
  readonly number: number;
  readonly entries: ReadonlyMap<number, Entry>;
  readonly trailer: string;
}

/** One byte for the kind, four for the place, two for the index. */
const rowBytes = 7;

const crossReference = ({ number, entries, trailer }: CrossReference): Promise<Buffer> => {
  const table = Buffer.alloc((number + 1) * rowBytes);
  // The head of the list of unused objects; any other row that isn't filled is an unused one, too.
  table.writeUInt16BE(65_535, 5);
  for (const [one, entry] of entries) {
    const row = one * rowBytes;
    table.writeUInt8("at" in entry ? 1 : 2, row);
    table.writeUInt32BE("at" in entry ? entry.at : entry.within, row + 1);
    if ("index" in entry) table.writeUInt16BE(entry.index, row + 5);
  }
  return streamObject(number, `/Type /XRef /Size ${number + 1} /W [1 4 2] ${trailer}`, table);
};
