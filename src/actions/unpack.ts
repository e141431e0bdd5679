/** Takes a message apart that Daybreak has written itself, so that it can be looked at without a mail program. */

/** One part of a message with what its headers say. */
interface Part {
  readonly type: string;
  readonly isAttachment: boolean;
  readonly fileName: string | null;
  readonly contentId: string | null;
  readonly content: Uint8Array;
}

/** A file of a message. */
export interface UnpackedFile {
  readonly fileName: string;
  readonly content: Uint8Array;
}

/** A message's texts and files. In `html` the pictures are named by their files. */
export interface Unpacked {
  readonly text: string;
  readonly html: string;
  readonly pictures: readonly UnpackedFile[];
  readonly attachments: readonly UnpackedFile[];
}

/** A message's bytes → its texts, pictures and attachments. */
export const unpackMessage = (bytes: Uint8Array): Unpacked => {
  // One character per byte, so that parts of every encoding can be cut out.
  const parts = partsOf(binaryOf(bytes));
  const bodies = parts.filter((part) => !part.isAttachment && part.contentId === null);
  const textOf = (type: string): string => utf8(bodies.find((part) => part.type === type)?.content);
  const pictures = parts.flatMap((part, at) =>
    part.contentId === null
      ? []
      : [{ cid: part.contentId, fileName: part.fileName ?? `picture-${at}.png`, content: part.content }],
  );
  const html = pictures.reduce(
    (whole, { cid, fileName }) => whole.replaceAll(`cid:${cid}`, encodeURIComponent(fileName)),
    textOf("text/html"),
  );
  return {
    text: textOf("text/plain"),
    html,
    pictures: pictures.map(({ fileName, content }) => ({ fileName, content })),
    attachments: parts
      .filter((part) => part.isAttachment && part.contentId === null)
      .map((part, at) => ({ fileName: part.fileName ?? `attachment-${at + 1}`, content: part.content })),
  };
};

const CHUNK = 32_768;

const binaryOf = (bytes: Uint8Array): string => {
  const pieces: string[] = [];
  for (let at = 0; at < bytes.length; at += CHUNK) pieces.push(String.fromCharCode(...bytes.subarray(at, at + CHUNK)));
  return pieces.join("");
};

const bytesOf = (binary: string): Uint8Array => Uint8Array.from(binary, (letter) => letter.charCodeAt(0));

const utf8 = (bytes: Uint8Array = new Uint8Array()): string => new TextDecoder().decode(bytes);

const partsOf = (binary: string): readonly Part[] => {
  const end = /\r?\n\r?\n/.exec(binary);
  const headers = headersOf(end === null ? binary : binary.slice(0, end.index));
  const body = end === null ? "" : binary.slice(end.index + end[0].length);
  const type = bareOf(headers.get("content-type") ?? "text/plain");
  const boundary = parameterOf(headers.get("content-type") ?? "", "boundary");
  if (type.startsWith("multipart/") && boundary !== null) return piecesOf(body, boundary).flatMap(partsOf);
  const disposition = headers.get("content-disposition") ?? "";
  return [
    {
      type,
      isAttachment: bareOf(disposition) === "attachment",
      fileName: parameterOf(disposition, "filename") ?? parameterOf(headers.get("content-type") ?? "", "name"),
      contentId: headers.get("content-id")?.replace(/^<|>$/g, "") ?? null,
      content: decoded(body, (headers.get("content-transfer-encoding") ?? "7bit").toLowerCase()),
    },
  ];
};

const piecesOf = (body: string, boundary: string): readonly string[] =>
  `\n${body}`
    .split(`\n--${boundary}`)
    .slice(1)
    .filter((piece) => !piece.startsWith("--"))
    .map((piece) => piece.replace(/^[^\n]*\n/, "").replace(/\r$/, ""));

const headersOf = (head: string): ReadonlyMap<string, string> => {
  const lines = head.replace(/\r?\n[ \t]+/g, " ").split(/\r?\n/);
  return new Map(
    lines.map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()]),
  );
};

const bareOf = (header: string): string => (header.split(";")[0] ?? "").trim().toLowerCase();

/** A header's parameter, also in pieces and percent-encoded (RFC 2231) or as encoded words (RFC 2047). */
const parameterOf = (header: string, name: string): string | null => {
  const found = [...header.matchAll(/;\s*([\w*-]+)=("(?:[^"\\]|\\.)*"|[^;\s]+)/g)]
    .map(([, key = "", value = ""]) => ({
      key: key.toLowerCase(),
      value: value.replace(/^"|"$/g, "").replace(/\\(.)/g, "$1"),
    }))
    .filter(({ key }) => key === name || key.startsWith(`${name}*`));
  if (found.length === 0) return null;
  const joined = found.map(({ value }) => value).join("");
  const isPercent = found.some(({ key }) => key.endsWith("*"));
  if (isPercent) return decodeURIComponent(joined.replace(/^[\w-]*'[\w-]*'/, ""));
  return joined.replace(/=\?utf-8\?([bq])\?([^?]*)\?=\s*/gi, (_, kind: string, text: string) =>
    utf8(kind.toLowerCase() === "b" ? bytesOf(atob(text)) : decoded(text.replaceAll("_", " "), "quoted-printable")),
  );
};

const decoded = (body: string, encoding: string): Uint8Array => {
  if (encoding === "base64") return bytesOf(atob(body.replace(/\s+/g, "")));
  if (encoding !== "quoted-printable") return bytesOf(body);
  const joined = body.replace(/=\r?\n/g, "");
  return bytesOf(joined.replace(/=([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))));
};
