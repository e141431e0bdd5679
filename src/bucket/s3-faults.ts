import { Fault, isFault, type Retry, wordsOf } from "#model/fault.ts";

/** What was asked for: the bucket, and the object where it was about one. */
export interface Asked {
  readonly bucket: string;
  readonly key?: string;
}

/** What an error of the client says. */
export interface Seen {
  /** The server's own code (`NoSuchBucket`), or the network's (`ECONNRESET`). */
  readonly code: string;
  readonly status: number | null;
  readonly words: string;
  /** Where the bucket is, when the server says so. */
  readonly region: string | null;
}

interface ClientError {
  readonly name?: string;
  readonly Code?: string;
  readonly code?: string;
  readonly Region?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly $response?: { readonly statusCode?: number; readonly headers?: Readonly<Record<string, string>> };
}

/** Names that say nothing by themselves: the network's code beside them does. */
const vague = new Set(["Error", "TypeError", "Unknown", "UnknownError", "AggregateError"]);

/** Reads an error of the client. */
export const see = (error: unknown): Seen => {
  const { name = "", Code, code, Region, $metadata, $response } = (error ?? {}) as ClientError;
  const own = Code ?? (vague.has(name) ? (code ?? name) : name);
  const status = $metadata?.httpStatusCode ?? $response?.statusCode ?? null;
  return {
    code: own,
    status,
    words: wordsOf(error),
    region: Region ?? $response?.headers?.["x-amz-bucket-region"] ?? null,
  };
};

/** What an error means to an operator. */
interface Meaning {
  readonly what: string;
  readonly hint: string;
  readonly retry: Retry;
}

type Judge = (seen: Seen, asked: Asked) => Meaning;

const never = (what: string, hint: string): Meaning => ({ what, hint, retry: "never" });

const place = ({ bucket, key }: Asked): string => (key === undefined ? `s3://${bucket}` : `s3://${bucket}/${key}`);

const noBucket: Judge = (_, { bucket }) =>
  never(`The bucket “${bucket}” doesn't exist.`, "make it, or correct `to` and `buckets` in the configuration");

const wrongKeys: Judge = ({ code }, { bucket }) =>
  never(
    `s3://${bucket} doesn't accept the credentials (${code}).`,
    "correct the access key and its secret, which stand in the environment or in .env",
  );

const expired: Judge = (_, { bucket }) =>
  never(
    `The credentials for s3://${bucket} have expired.`,
    "renew them, or use ones that renew themselves: a profile, credential_process or the machine's role",
  );

const denied: Judge = ({ words }, asked) =>
  never(
    `${place(asked)} refuses access: ${words || "403"}.`,
    "give the identity the rights to it: list, read, write, delete, and multipart uploads",
  );

const wrongRegion: Judge = ({ region }, { bucket }) =>
  never(
    `The bucket “${bucket}” is in another region${region === null ? "" : `: ${region}`}.`,
    `write ${region === null ? "its region" : `region: ${region}`} below \`buckets\` in the configuration`,
  );

const wrongClock: Judge = (_, { bucket }) =>
  never(
    `This machine's clock and that of s3://${bucket} are more than 15 minutes apart.`,
    "let the machine's clock be set by NTP",
  );

const noCredentials: Judge = (_, { bucket }) =>
  never(
    `There are no credentials for s3://${bucket}.`,
    "set DAYBREAK_S3_ACCESS_KEY_ID and DAYBREAK_S3_SECRET_ACCESS_KEY, or give the machine a role",
  );

const notTrusted: Judge = ({ words }, { bucket }) =>
  never(
    `The certificate of s3://${bucket} isn't trusted: ${words}.`,
    "name its authority's certificate in NODE_EXTRA_CA_CERTS",
  );

const frozen: Judge = (_, asked) =>
  never(
    `${place(asked)} lies in a storage class from which nothing can be read at once.`,
    "let the storage thaw it first, and keep archives in a class such as STANDARD_IA or GLACIER_IR",
  );

const full: Judge = (_, { bucket }) =>
  never(`There is no room left in s3://${bucket}: its quota is used up.`, "make room, or raise the quota");

const cannot: Judge = ({ code, words }, asked) =>
  never(
    `${place(asked)}: the server can't do what is asked (${code}: ${words}).`,
    "write checksums: off below `buckets`, and take out storageClass, encryption and lock one by one",
  );

const gone: Judge = ({ words }, asked) =>
  never(`${place(asked)} isn't there (any more): ${words}.`, "look who else writes to the bucket");

const arrivedDamaged: Judge = (_, asked) => ({
  what: `What was sent to ${place(asked)} arrived damaged, and was refused.`,
  hint: "it is sent again; when that happens often, look at the network",
  retry: "later",
});

const busy: Judge = ({ code, status, words }, asked) => ({
  what: `${place(asked)} can't answer now (${[status, code].filter(Boolean).join(" ")}: ${words}).`,
  hint: "it is tried again",
  retry: "later",
});

const noNetwork: Judge = ({ code, words }, { bucket }) => ({
  what: `s3://${bucket} can't be reached (${code}: ${words}).`,
  hint: "it is tried again; look at `endpoint` below `buckets`, and at the network",
  retry: "later",
});

const refused: Judge = ({ code, status, words }, asked) =>
  never(
    `${place(asked)} refused the request (${[status, code].filter(Boolean).join(" ")}: ${words}).`,
    "look at `buckets` in the configuration",
  );

const byCode: ReadonlyMap<string, Judge> = new Map([
  ["NoSuchBucket", noBucket],
  ["InvalidAccessKeyId", wrongKeys],
  ["SignatureDoesNotMatch", wrongKeys],
  ["InvalidToken", wrongKeys],
  ["TokenRefreshRequired", expired],
  ["ExpiredToken", expired],
  ["ExpiredTokenException", expired],
  ["AccessDenied", denied],
  ["AllAccessDisabled", denied],
  ["AccountProblem", denied],
  ["PermanentRedirect", wrongRegion],
  ["AuthorizationHeaderMalformed", wrongRegion],
  ["IllegalLocationConstraintException", wrongRegion],
  ["RequestTimeTooSkewed", wrongClock],
  ["CredentialsProviderError", noCredentials],
  ["TokenProviderError", noCredentials],
  ["CERT_HAS_EXPIRED", notTrusted],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", notTrusted],
  ["SELF_SIGNED_CERT_IN_CHAIN", notTrusted],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", notTrusted],
  ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", notTrusted],
  ["ERR_TLS_CERT_ALTNAME_INVALID", notTrusted],
  ["InvalidObjectState", frozen],
  ["QuotaExceeded", full],
  ["NotImplemented", cannot],
  ["MissingContentLength", cannot],
  ["InvalidStorageClass", cannot],
  ["NoSuchUpload", gone],
  ["NoSuchKey", gone],
  ["BadDigest", arrivedDamaged],
  ["InvalidDigest", arrivedDamaged],
  ["XAmzContentSHA256Mismatch", arrivedDamaged],
  ["XAmzContentChecksumMismatch", arrivedDamaged],
  ["IncompleteBody", arrivedDamaged],
  ["SlowDown", busy],
  ["RequestTimeout", busy],
  ["OperationAborted", busy],
  ["ConditionalRequestConflict", busy],
]);

/** The SDK's own word for an answer that it can't read; damage on the way looks like that. */
const isUnreadable = ({ status }: Seen): boolean => status !== null && status < 300;

const byStatus = (seen: Seen): Judge => {
  const { status } = seen;
  if (status === null) return noNetwork;
  if (status === 301 || status === 307 || status === 308) return wrongRegion;
  if (status === 401 || status === 403) return denied;
  if (status === 411 || status === 501) return cannot;
  if (status === 408 || status === 429 || status >= 500 || isUnreadable(seen)) return busy;
  return refused;
};

/** An error of the client as a fault, in plain words. A fault stays what it is. */
export const s3Fault = (error: unknown, asked: Asked): Fault => {
  if (isFault(error)) return error;
  const seen = see(error);
  const judge = byCode.get(seen.code) ?? byStatus(seen);
  const { what, hint, retry } = judge(seen, asked);
  return new Fault("bucket.io", what, { hint, retry, cause: error });
};
