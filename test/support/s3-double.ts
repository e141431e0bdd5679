/**
 * A double of S3 for rules that the server of the tests doesn't enforce. What is said over it about Amazon is "from documentation":
 *
 * - A checksum that doesn't fit its bytes: 400 BadDigest. https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
 * - Parts carry the upload's own algorithm; one that was begun for checksums of parts (COMPOSITE) wants them all at its completing, one
 *   for a checksum of the whole object (FULL_OBJECT) doesn't: same page, and https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html
 * - Completing with If-None-Match: 412 where the key is taken; 200 with an error in its body: same page.
 * - A list of keys to remove needs an MD5 or a checksum. https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
 * - 301 PermanentRedirect, AuthorizationHeaderMalformed with the region, RequestTimeTooSkewed. https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
 *
 * `old`: a server that knows no checksums at all and wants Content-MD5 for removing many, as OpenStack Swift 2.30 does (measured).
 */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { crc32 } from "node:zlib";

/** How the double behaves. */
export type DoubleMode = "amazon" | "old" | "other-region" | "redirects" | "skewed" | "error-in-200";

interface Begun {
  readonly key: string;
  readonly algorithm: string | null;
  readonly isWhole: boolean;
  readonly parts: Map<number, { readonly bytes: Buffer; readonly crc: string }>;
}

/** A double that runs, with what it was asked for and what it has. */
export interface S3Double extends AsyncDisposable {
  readonly endpoint: string;
  readonly objects: ReadonlyMap<string, Buffer>;
  readonly asked: readonly string[];
}

interface State {
  readonly mode: DoubleMode;
  readonly objects: Map<string, Buffer>;
  readonly begun: Map<string, Begun>;
  readonly asked: string[];
}

interface Asked {
  readonly request: IncomingMessage;
  readonly search: URLSearchParams;
  readonly key: string;
  readonly body: Buffer;
}

interface Answer {
  readonly status: number;
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Starts a double on 127.0.0.1. */
export const startS3Double = async (mode: DoubleMode): Promise<S3Double> => {
  const state: State = { mode, objects: new Map(), begun: new Map(), asked: [] };
  const server = createServer((request, response) => void answer(state, request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    objects: state.objects,
    asked: state.asked,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
};

const answer = async (state: State, request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://any");
  const key = decodeURIComponent(pathname.split("/").slice(2).join("/"));
  const asked: Asked = { request, search: searchParams, key, body: Buffer.concat(pieces) };
  const { status, text = "", headers = {} } = trouble(state, asked) ?? act(state, asked);
  state.asked.push(`${request.method} ${key}${status >= 400 ? ` ${status}` : ""}`);
  response.writeHead(status, { "content-type": "application/xml", ...headers });
  response.end(request.method === "HEAD" ? "" : text);
};

const error = (status: number, code: string, more = ""): Answer => ({
  status,
  text: `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${code} by the double</Message>${more}</Error>`,
});

const trouble = ({ mode }: State, { request }: Asked): Answer | null => {
  const names = Object.keys(request.headers);
  switch (mode) {
    case "other-region":
      return error(400, "AuthorizationHeaderMalformed", "<Region>eu-central-1</Region>");
    case "redirects":
      return { ...error(301, "PermanentRedirect"), headers: { "x-amz-bucket-region": "eu-west-3" } };
    case "skewed":
      return error(403, "RequestTimeTooSkewed");
    case "old":
      if (request.headers["if-none-match"]) return error(501, "NotImplemented");
      if (request.method === "POST" && request.url?.includes("delete=") && !request.headers["content-md5"])
        return error(400, "InvalidRequest", "<Missing>Content-MD5</Missing>");
      return names.some((name) => /^x-amz-checksum-(?!mode)|^x-amz-sdk-checksum/.test(name)) &&
        !request.url?.includes("delete=")
        ? error(501, "NotImplemented")
        : null;
    default:
      return null;
  }
};

const act = (state: State, asked: Asked): Answer => {
  const { request, search, key, body } = asked;
  const id = search.get("uploadId");
  if (search.has("uploads")) return begin(state, asked);
  if (search.has("delete")) return removeMany(state, asked);
  if (id !== null) return inUpload(state, asked, id);
  switch (request.method) {
    case "PUT":
      if (!isIntact(asked)) return error(400, "BadDigest");
      state.objects.set(key, body);
      return { status: 200, headers: { etag: '"x"' } };
    case "HEAD":
      return headOf(state, key);
    default:
      return error(404, "NoSuchKey");
  }
};

const crcOf = (bytes: Buffer): string => {
  const four = Buffer.alloc(4);
  four.writeUInt32BE(crc32(bytes));
  return four.toString("base64");
};

const isIntact = ({ request, body }: Asked): boolean => {
  const crc = request.headers["x-amz-checksum-crc32"];
  const md5 = request.headers["content-md5"];
  if (crc !== undefined && crc !== crcOf(body)) return false;
  return md5 === undefined || md5 === createHash("md5").update(body).digest("base64");
};

const headOf = ({ objects }: State, key: string): Answer => {
  if (key === "") return { status: 200, headers: { date: new Date().toUTCString() } };
  const bytes = objects.get(key);
  return bytes === undefined
    ? { status: 404 }
    : { status: 200, headers: { "content-length": String(bytes.byteLength), etag: '"x-1"' } };
};

const begin = ({ begun }: State, { request, key }: Asked): Answer => {
  const id = `upload-${begun.size + 1}`;
  const algorithm = request.headers["x-amz-checksum-algorithm"];
  begun.set(id, {
    key,
    algorithm: typeof algorithm === "string" ? algorithm : null,
    isWhole: request.headers["x-amz-checksum-type"] === "FULL_OBJECT",
    parts: new Map(),
  });
  return {
    status: 200,
    text: `<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`,
  };
};

const inUpload = (state: State, asked: Asked, id: string): Answer => {
  const upload = state.begun.get(id);
  if (upload === undefined) return error(404, "NoSuchUpload");
  switch (asked.request.method) {
    case "PUT":
      return putPart(upload, asked);
    case "GET":
      return { status: 200, text: partsOf(upload) };
    case "DELETE":
      state.begun.delete(id);
      return { status: 204 };
    default:
      return complete(state, upload, { asked, id });
  }
};

const putPart = (upload: Begun, asked: Asked): Answer => {
  const crc = asked.request.headers["x-amz-checksum-crc32"];
  if ((crc === undefined) !== (upload.algorithm === null)) return error(400, "InvalidRequest");
  if (!isIntact(asked)) return error(400, "BadDigest");
  upload.parts.set(Number(asked.search.get("partNumber")), { bytes: asked.body, crc: crcOf(asked.body) });
  return { status: 200, headers: { etag: `"${crcOf(asked.body)}"` } };
};

const partsOf = ({ parts, algorithm }: Begun): string => {
  const all = [...parts]
    .sort(([a], [b]) => a - b)
    .map(([n, { bytes, crc }]) => {
      const checksum = algorithm === null ? "" : `<ChecksumCRC32>${crc}</ChecksumCRC32>`;
      return `<Part><PartNumber>${n}</PartNumber><ETag>"${crc}"</ETag><Size>${bytes.byteLength}</Size>${checksum}</Part>`;
    });
  return `<ListPartsResult><IsTruncated>false</IsTruncated>${all.join("")}</ListPartsResult>`;
};

const complete = (
  state: State,
  upload: Begun,
  { asked, id }: { readonly asked: Asked; readonly id: string },
): Answer => {
  const text = asked.body.toString();
  if (asked.request.headers["if-none-match"] === "*" && state.objects.has(upload.key))
    return error(412, "PreconditionFailed");
  const wanted = upload.algorithm !== null && !upload.isWhole ? upload.parts.size : 0;
  if ((text.match(/<ChecksumCRC32>/g)?.length ?? 0) < wanted) return error(400, "InvalidRequest");
  if (state.mode === "error-in-200" && state.asked.filter((one) => one === `POST ${upload.key}`).length === 1)
    return { ...error(200, "InternalError") };
  const parts = [...upload.parts].sort(([a], [b]) => a - b).map(([, { bytes }]) => bytes);
  state.objects.set(upload.key, Buffer.concat(parts));
  state.begun.delete(id);
  return { status: 200, text: "<CompleteMultipartUploadResult><ETag>x</ETag></CompleteMultipartUploadResult>" };
};

const removeMany = ({ objects, mode }: State, asked: Asked): Answer => {
  const { headers } = asked.request;
  if (!isIntact(asked)) return error(400, "BadDigest");
  if (mode === "amazon" && headers["content-md5"] === undefined && headers["x-amz-checksum-crc32"] === undefined)
    return error(400, "InvalidRequest");
  const keys = [...asked.body.toString().matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key = ""]) => key);
  for (const key of keys) objects.delete(key);
  const gone = keys.map((key) => `<Deleted><Key>${key}</Key></Deleted>`).join("");
  return { status: 200, text: `<DeleteResult>${gone}</DeleteResult>` };
};
