/**
 * Reads an email into its parts: our own before a service that takes parts, and what came back. Whatever the bytes hold, there is an
 * answer: what isn't MIME is one part of plain text.
 */

/** A header's value and its parameters: `text/plain; charset=utf-8`. */
export interface Field {
  /** In small letters: `text/plain`, `inline`. */
  readonly value: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/** A part of an email; the whole is one, too. */
export interface MimePart {
  /** Names in small letters, values unfolded and as they stand. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly type: Field;
  readonly disposition: Field;
  /** `base64`, `quoted-printable`, or how else the body stands there. */
  readonly encoding: string;
  /** One character for each byte. */
  readonly body: string;
  readonly parts: readonly MimePart[];
}

/** Deeper, or with more parts, an email is made to be a burden. */
const deepest = 12;
const mostParts = 500;

/** The email of these bytes. */
export const readMime = (bytes: Uint8Array): MimePart =>
  partOf(binaryOf(bytes), { depth: 0, count: { left: mostParts } });

interface Place {
  readonly depth: number;
  readonly count: { left: number };
}

const partOf = (raw: string, place: Place): MimePart => {
  const { headers, body } = split(raw);
  const first = (name: string): string => headers.find(([one]) => one === name)?.[1] ?? "";
  const type = fieldOf(first("content-type") || "text/plain");
  const encoding = first("content-transfer-encoding").trim().toLowerCase() || "7bit";
  return {
    headers,
    type,
    disposition: fieldOf(first("content-disposition")),
    encoding,
    body,
    parts: partsIn({ type, body }, place),
  };
};

const partsIn = ({ type, body }: Pick<MimePart, "type" | "body">, { depth, count }: Place): readonly MimePart[] => {
  const { boundary } = type.parameters;
  if (!type.value.startsWith("multipart/") || boundary === undefined || boundary === "" || depth >= deepest) return [];
  const raws = piecesOf(body, boundary).slice(0, count.left);
  count.left -= raws.length;
  return raws.map((raw) => partOf(raw, { depth: depth + 1, count }));
};

/** What stands between the lines of a boundary; what has no closing line ends with the email. */
const piecesOf = (body: string, boundary: string): readonly string[] => {
  const pieces: string[] = [];
  let from: number | null = null;
  for (let at = nextLine(body, `--${boundary}`, 0); at !== -1; ) {
    const end = body.indexOf("\n", at);
    const lineEnd = end === -1 ? body.length : end;
    if (from !== null) pieces.push(body.slice(from, beforeBreak(body, at)));
    const isLast = body.slice(at + boundary.length + 2, lineEnd).startsWith("--");
    from = isLast || end === -1 ? null : lineEnd + 1;
    if (from === null) return pieces;
    at = nextLine(body, `--${boundary}`, from);
  }
  return from === null ? pieces : [...pieces, body.slice(from)];
};

/** The line break before a boundary belongs to it. */
const beforeBreak = (text: string, at: number): number => {
  if (text[at - 1] !== "\n") return at;
  return text[at - 2] === "\r" ? at - 2 : at - 1;
};

const nextLine = (text: string, start: string, from: number): number => {
  for (let at = text.indexOf(start, from); at !== -1; at = text.indexOf(start, at + 1)) {
    if ((at === 0 || text[at - 1] === "\n") && endsThere(text, at + start.length)) return at;
  }
  return -1;
};

/** Another boundary may begin with the same letters: nothing but its own end and space may follow on the line. */
const endsThere = (text: string, end: number): boolean => /^(?:--)?[ \t]*(?:\r?\n|$)/.test(text.slice(end, end + 80));

const split = (raw: string): Pick<MimePart, "headers" | "body"> => {
  // A part may begin with the empty line: it has no headers.
  const [, end = ""] = /^(\r?\n)/.exec(raw) ?? [];
  if (end !== "") return { headers: [], body: raw.slice(end.length) };
  const found = /\r?\n\r?\n/.exec(raw);
  const head = found === null ? raw : raw.slice(0, found.index);
  const body = found === null ? "" : raw.slice(found.index + found[0].length);
  return { headers: headersOf(head), body };
};

/** The fields of a block of headers; a line that is none is passed over. */
export const headersOf = (head: string): MimePart["headers"] =>
  head
    .replaceAll(/\r?\n(?=[ \t])/g, "")
    .split(/\r?\n/)
    .flatMap((line) => {
      const [, name, value] = /^([!-9;-~]+)[ \t]*:(.*)$/s.exec(line) ?? [];
      return name === undefined || value === undefined ? [] : [[name.toLowerCase(), value.trim()] as const];
    });

/** A header's value as it stands; `null` without. */
export const rawHeader = ({ headers }: Pick<MimePart, "headers">, name: string): string | null =>
  headers.find(([one]) => one === name.toLowerCase())?.[1] ?? null;

/** A header's value in readable words; `null` without. */
export const headerWords = (part: Pick<MimePart, "headers">, name: string): string | null => {
  const raw = rawHeader(part, name);
  return raw === null ? null : decodeWords(raw);
};

/** What is longer is no honest header, and would cost more than its length to look through. */
const longestField = 8_192;

/** `text/plain; charset=utf-8; name*=utf-8''a%20b` by RFC 2045 and 2231. */
export const fieldOf = (text: string): Field => {
  const [value = "", ...rest] = text.slice(0, longestField).split(/;(?=(?:[^"]*"[^"]*")*[^"]*$)/);
  const pairs = rest.flatMap((piece) => {
    const [, name, given = ""] = /^\s*([^=\s]+)\s*=\s*(.*?)\s*$/s.exec(piece) ?? [];
    return name === undefined ? [] : [[name.toLowerCase(), unquoted(given)] as const];
  });
  return { value: value.trim().toLowerCase(), parameters: joined(pairs) };
};

const unquoted = (text: string): string =>
  /^".*"$/s.test(text) ? text.slice(1, -1).replaceAll(/\\(.)/gs, "$1") : text;

/** Long or foreign values come in numbered pieces, `name*0*=utf-8''…`: they are put together, then decoded. */
const joined = (pairs: readonly (readonly [string, string])[]): Readonly<Record<string, string>> => {
  const plain: Record<string, string> = {};
  const pieces: Record<string, { text: string; isEncoded: boolean }> = {};
  for (const [name, value] of pairs) {
    const [, base, star] = /^([^*]+)(\*.*)?$/.exec(name) ?? [];
    if (base === undefined) continue;
    if (star === undefined) plain[base] ??= decodeWords(value);
    else {
      const before = pieces[base] ?? { text: "", isEncoded: false };
      pieces[base] = { text: before.text + value, isEncoded: before.isEncoded || star.endsWith("*") };
    }
  }
  const whole = Object.entries(pieces).map(([name, { text, isEncoded }]) => [name, isEncoded ? extended(text) : text]);
  return { ...plain, ...Object.fromEntries(whole) };
};

const extended = (text: string): string => {
  const [, charset = "utf-8", encoded = text] = /^([^']*)'[^']*'(.*)$/s.exec(text) ?? [];
  const binary = encoded.replaceAll(/%([0-9a-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return decodeBinary(binary, charset);
};

/** `=?utf-8?Q?…?=` by RFC 2047; two in a row are one text, whose characters may be cut between them. */
export const decodeWords = (text: string): string =>
  decodeBinary(text.slice(0, longestField), "utf-8")
    .replaceAll(/(\?=)[ \t\r\n]+(?==\?[^?\s]+\?[bq]\?)/gi, "$1")
    .replaceAll(/(?:=\?[^?\s]+\?[bq]\?[^?\s]*\?=)+/gi, (run) => decodeRun(run));

const decodeRun = (run: string): string => {
  const words = [...run.matchAll(/=\?([^?\s*]+)(?:\*[^?\s]*)?\?([bq])\?([^?\s]*)\?=/gi)];
  let decoded = "";
  let pending = { charset: "", binary: "" };
  for (const [, charset = "", way = "", content = ""] of words) {
    const binary = way.toLowerCase() === "b" ? fromBase64(content) : fromQuoted(content.replaceAll("_", " "));
    if (charset.toLowerCase() === pending.charset) pending = { ...pending, binary: pending.binary + binary };
    else {
      decoded += decodeBinary(pending.binary, pending.charset);
      pending = { charset: charset.toLowerCase(), binary };
    }
  }
  return decoded + decodeBinary(pending.binary, pending.charset);
};

/** The text of a part. */
export const textOf = (part: MimePart): string =>
  decodeBinary(decodedBody(part), part.type.parameters["charset"] ?? "utf-8");

/** The bytes of a part in base64, on one line. */
export const base64Of = (part: MimePart): string =>
  part.encoding === "base64" ? part.body.replaceAll(/[^A-Za-z0-9+/=]/g, "") : btoa(decodedBody(part));

/** The bytes of a part, one character for each. */
export const decodedBody = ({ encoding, body }: MimePart): string => {
  if (encoding === "base64") return fromBase64(body);
  return encoding === "quoted-printable" ? fromQuoted(body.replaceAll(/=[ \t]*\r?\n/g, "")) : body;
};

const fromBase64 = (text: string): string => {
  const clean = text.replaceAll(/[^A-Za-z0-9+/]/g, "");
  try {
    return atob(clean.length % 4 === 1 ? clean.slice(0, -1) : clean);
  } catch {
    return "";
  }
};

const fromQuoted = (text: string): string =>
  text.replaceAll(/=([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));

const decodeBinary = (binary: string, charset: string): string => {
  if (!/[\u0080-\u00ff]/.test(binary) && !/^(?:utf-?16|iso-2022|hz|utf-?7)/i.test(charset)) return binary;
  const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
  try {
    return new TextDecoder(charset || "utf-8").decode(bytes);
  } catch {
    return new TextDecoder("utf-8").decode(bytes);
  }
};

/** Reads 27 bytes of 256 as other characters than those of their number; many times as fast as building the text from numbers. */
const windows = new TextDecoder("windows-1252");
const oddBytes = new Map(
  Array.from({ length: 32 }, (_, at) => [windows.decode(Uint8Array.of(0x80 + at)), String.fromCharCode(0x80 + at)]),
);

const binaryOf = (bytes: Uint8Array): string =>
  windows.decode(bytes).replaceAll(/[\u0100-\uffff]/g, (character) => oddBytes.get(character) ?? character);
