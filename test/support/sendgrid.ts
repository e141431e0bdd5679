/**
 * A double of SendGrid's web API v3 for tests. The real one can't be had without an account, so each behaviour names the page that says
 * so; what is said about SendGrid by tests over it is "from documentation".
 *
 * - Accepting: POST /v3/mail/send → 202, empty body, `X-Message-Id`. https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send
 * - Required fields, reserved headers, unique addresses, at most 1,000 recipients, 10,000 bytes of custom arguments, 30 MB in all: same page
 *   and https://www.twilio.com/docs/sendgrid/api-reference/mail-send/limitations
 * - Sandbox mode: 200 in place of 202. https://www.twilio.com/docs/sendgrid/for-developers/sending-email/sandbox-mode
 * - Errors as `{"errors": [{"message", "field", "help"}]}`: 400, 401, 403, 413, 429, 500, 503. https://www.twilio.com/docs/sendgrid/api-reference/how-to-use-the-sendgrid-v3-api/responses
 * - 429 with X-RateLimit-Limit, -Remaining, -Reset (seconds since 1970). https://www.twilio.com/docs/sendgrid/api-reference/how-to-use-the-sendgrid-v3-api/rate-limits
 *   Retry-After in its two forms: RFC 9110, section 10.2.3.
 * - The key's permissions: GET /v3/scopes. https://www.twilio.com/docs/sendgrid/api-reference/api-key-permissions/retrieve-a-list-of-scopes-for-which-this-user-has-access
 */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

/** How the double behaves badly, and for how many requests before it behaves again. */
export type GridTrouble = { readonly times?: number } & (
  | {
      readonly kind: "answer";
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly words?: string;
    }
  /** It takes the email and never says so: silent, or by a reset. */
  | { readonly kind: "mute-after-taking" }
  | { readonly kind: "reset-after-taking" }
  /** It ends the connection in the middle of the request. */
  | { readonly kind: "reset-in-body"; readonly afterBytes: number }
);

/** What the double took, as it was asked to. */
export interface TakenEmail {
  readonly request: GridRequest;
  readonly answered: boolean;
}

export interface GridAddress {
  readonly email: string;
  readonly name?: string;
}

/** The parts of a request that tests look at. */
export interface GridRequest {
  readonly personalizations: readonly {
    readonly to: readonly GridAddress[];
    readonly cc?: readonly GridAddress[];
    readonly bcc?: readonly GridAddress[];
    readonly custom_args?: Readonly<Record<string, string>>;
  }[];
  readonly from: GridAddress;
  readonly reply_to?: GridAddress;
  readonly subject: string;
  readonly content: readonly { readonly type: string; readonly value: string }[];
  readonly attachments?: readonly {
    readonly content: string;
    readonly filename: string;
    readonly type: string;
    readonly disposition: string;
    readonly content_id?: string;
  }[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly categories?: readonly string[];
  readonly custom_args?: Readonly<Record<string, string>>;
  readonly asm?: { readonly group_id: number };
  readonly mail_settings?: { readonly sandbox_mode?: { readonly enable: boolean } };
  readonly tracking_settings?: Readonly<Record<string, { readonly enable: boolean }>>;
}

export interface GridDouble extends AsyncDisposable {
  readonly url: string;
  readonly apiKey: string;
  readonly taken: readonly TakenEmail[];
  /** Every request to send with its status and moment, in milliseconds of the monotonic clock. */
  readonly requests: readonly { readonly deliveryId: string; readonly status: number; readonly at: number }[];
  misbehave(trouble: GridTrouble): void;
  behave(): void;
}

/** How a double is beside what every one does. */
export interface GridOptions {
  /** Requests to send that it takes in each second of its clock; the others are refused until the next one. */
  readonly perSecond?: number;
  /** Attachments aren't kept once they were looked at, for runs of thousands of emails. */
  readonly forgetsFiles?: boolean;
}

interface State {
  readonly options: GridOptions;
  /** The second that is counted, and the requests in it. */
  readonly counted: { second: number; requests: number };
  readonly taken: TakenEmail[];
  readonly requests: { deliveryId: string; status: number; at: number }[];
  trouble: GridTrouble | null;
  left: number;
}

const apiKey = "SG.double.0123456789abcdef";
const mostBytes = 30 * 1024 * 1024;

/** Starts a double on 127.0.0.1 at a free port. */
export const startGrid = async (options: GridOptions = {}): Promise<GridDouble> => {
  const counted = { second: 0, requests: 0 };
  const state: State = { options, counted, taken: [], requests: [], trouble: null, left: 0 };
  const server = createServer(
    (request, response) => void respond(request, response, state).catch(() => response.destroy()),
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    apiKey,
    taken: state.taken,
    requests: state.requests,
    misbehave: (trouble) => {
      state.trouble = trouble;
      state.left = trouble.times ?? Number.POSITIVE_INFINITY;
    },
    behave: () => {
      state.trouble = null;
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
};

const respond = async (request: IncomingMessage, response: ServerResponse, state: State): Promise<void> => {
  if (request.headers.authorization !== `Bearer ${apiKey}`)
    return refuse(response, { code: 401, words: "The provided authorization grant is invalid, expired, or revoked" });
  if (request.method === "GET" && request.url === "/v3/scopes")
    return void response
      .writeHead(200, { "content-type": "application/json" })
      .end('{"scopes":["mail.send","user.profile.read"]}');
  if (request.method !== "POST" || request.url !== "/v3/mail/send")
    return refuse(response, { code: 404, words: "not found" });
  const trouble = state.left > 0 ? state.trouble : null;
  if (trouble !== null) state.left -= 1;
  const bytes = await bodyOf(request, trouble);
  if (bytes === null) return void request.socket.resetAndDestroy();
  const wanted = JSON.parse(bytes.toString("utf8")) as GridRequest;
  const status = overLimit(state) ?? statusFor(trouble, wanted, bytes.length);
  const deliveryId = argumentsOf(wanted)["delivery_id"] ?? "";
  state.requests.push({ deliveryId, status: status.code, at: performance.now() });
  if (status.code >= 300) return refuse(response, status);
  const answered = trouble?.kind !== "mute-after-taking" && trouble?.kind !== "reset-after-taking";
  if (status.code === 202) state.taken.push({ request: kept(wanted, state.options), answered });
  if (trouble?.kind === "reset-after-taking") return void request.socket.resetAndDestroy();
  if (answered) response.writeHead(status.code, { "x-message-id": randomBytes(12).toString("base64url") }).end();
};

const kept = (request: GridRequest, { forgetsFiles = false }: GridOptions): GridRequest =>
  forgetsFiles ? { ...request, attachments: [] } : request;

/** The refusal of a request that is one too many in its second. */
const overLimit = ({ options: { perSecond }, counted }: State): Status | null => {
  if (perSecond === undefined) return null;
  const second = Math.floor(Date.now() / 1_000);
  counted.requests = counted.second === second ? counted.requests + 1 : 1;
  counted.second = second;
  if (counted.requests <= perSecond) return null;
  const headers = {
    "x-ratelimit-limit": String(perSecond),
    "x-ratelimit-remaining": "0",
    "x-ratelimit-reset": String(second + 1),
  };
  return { code: 429, words: "too many requests", headers };
};

export const argumentsOf = ({ custom_args, personalizations }: GridRequest): Readonly<Record<string, string>> => ({
  ...custom_args,
  ...personalizations[0]?.custom_args,
});

interface Status {
  readonly code: number;
  readonly words: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const statusFor = (trouble: GridTrouble | null, wanted: GridRequest, bytes: number): Status => {
  if (trouble?.kind === "answer")
    return { code: trouble.status, words: trouble.words ?? `status ${trouble.status}`, headers: trouble.headers ?? {} };
  if (bytes > mostBytes)
    return { code: 413, words: "The JSON payload you have included in your request is too large." };
  const mistake = mistakeIn(wanted);
  if (mistake !== null) return { code: 400, words: mistake };
  return { code: wanted.mail_settings?.sandbox_mode?.enable ? 200 : 202, words: "" };
};

const reserved =
  /^(?:x-sg-id|x-sg-eid|received|dkim-signature|content-type|content-transfer-encoding|to|from|subject|reply-to|cc|bcc)$/i;

const mistakeIn = (wanted: GridRequest): string | null => {
  const [personalization] = wanted.personalizations;
  if (!personalization?.to?.length)
    return "The to array is required for all personalization objects, and must have at least one email object";
  const { to, cc = [], bcc = [] } = personalization;
  const all = [...to, ...cc, ...bcc].map(({ email }) => email.toLowerCase());
  if (new Set(all).size < all.length)
    return "Each email address in the personalization block should be unique between to, cc, and bcc.";
  if (all.length > 1_000) return "The total number of recipients must be less than 1000.";
  if (all.some((email) => !/^[^@\s]+@[^@\s]+$/.test(email))) return "Does not contain a valid address.";
  const texts = wanted.content ?? [];
  if (texts.length === 0 || texts.some(({ value }) => value === ""))
    return "The content value must be a string at least one character in length.";
  if (texts[0]?.type !== "text/plain")
    return "If present, text/plain and text/html may only be provided once, text/plain first.";
  const odd = Object.keys(wanted.headers ?? {}).find((name) => reserved.test(name));
  if (odd !== undefined) return `The header “${odd}” is reserved.`;
  if (JSON.stringify(argumentsOf(wanted)).length > 10_000)
    return "The total length of custom arguments must be less than 10000 bytes.";
  return null;
};

const refuse = (response: ServerResponse, { code: status, words, headers }: Status): void => {
  const body = JSON.stringify({ errors: [{ message: words, field: null, help: null }] });
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(body);
};

const bodyOf = async (request: IncomingMessage, trouble: GridTrouble | null): Promise<Buffer | null> => {
  const upTo = trouble?.kind === "reset-in-body" ? trouble.afterBytes : null;
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request) {
    pieces.push(piece as Buffer);
    bytes += (piece as Buffer).length;
    if (upTo !== null && bytes >= upTo) return null;
  }
  return Buffer.concat(pieces);
};
