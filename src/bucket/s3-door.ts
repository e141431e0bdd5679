import { S3Client } from "@aws-sdk/client-s3";
import { type Seen, s3Fault, see } from "#bucket/s3-faults.ts";
import type { S3Settings } from "#model/backup.ts";
import { systemClock } from "#runtime/clock.ts";

/** Keys that a request is signed with; with `expiration`, they are asked for again before it. */
export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: Date;
}

/** What a bucket on S3 is opened with. */
export interface S3Ask {
  readonly bucket: string;
  readonly settings: S3Settings;
  /** Says the credentials as they are now; asked again as soon as the server calls them expired. Default: those of the settings. */
  readonly credentials?: () => Promise<S3Credentials>;
  /** Keys, parts or uploads in one page of a listing. Default, and most: 1,000. */
  readonly pageSize?: number;
}

/** How a single request is sent. */
export interface HowSent {
  readonly abortSignal?: AbortSignal;
  readonly requestTimeout?: number;
}

/** What a request is about. */
export interface AboutRequest {
  readonly key?: string;
  readonly signal?: AbortSignal | undefined;
  /** Bytes that it carries: a slow line may take its time over them, as long as something moves. */
  readonly bytes?: number;
}

/** The way to one bucket: every request goes through it, and comes back as an answer or a fault. */
export interface S3Door {
  readonly bucket: string;
  readonly settings: S3Settings;
  readonly pageSize: number;
  /** False once the server has stumbled over checksums, or they are off. */
  sendsChecksums(): boolean;
  send<T>(request: (client: S3Client, how: HowSent) => Promise<T>, about?: AboutRequest): Promise<T>;
  close(): void;
}

/** Slower than this, a line counts as standing still. */
const slowestBytesPerSecond = 16 * 1024;

/** Opens the way; nothing is sent yet. */
export const openDoor = ({ bucket, settings, credentials, pageSize = 1_000 }: S3Ask): S3Door => {
  const keys = renewable(credentials ?? chainOf(settings));
  let plain = settings.checksums === "off";
  const client = new S3Client({
    ...clientSettings(settings),
    credentials: keys.now,
    requestChecksumCalculation: () => Promise.resolve(plain ? "WHEN_REQUIRED" : "WHEN_SUPPORTED"),
  });
  /** What may be done about a failure before it is one; `false`: nothing. */
  const isMended = (seen: Seen): boolean => {
    if (isExpired(seen)) {
      keys.renew();
      return true;
    }
    if (plain || settings.checksums !== "auto" || !isStumble(seen)) return false;
    plain = true;
    return true;
  };
  const send: S3Door["send"] = async (request, about = {}) => {
    const how = howOf(settings, about);
    const once = () => request(client, how);
    try {
      return await once().catch((error: unknown) => {
        if (about.signal?.aborted || !isMended(see(error))) throw error;
        return once();
      });
    } catch (error) {
      if (about.signal?.aborted) throw about.signal.reason;
      throw s3Fault(error, { bucket, ...(about.key !== undefined && { key: about.key }) });
    }
  };
  return { bucket, settings, pageSize, send, sendsChecksums: () => !plain, close: () => client.destroy() };
};

const howOf = ({ requestTimeoutMs }: S3Settings, { signal, bytes = 0 }: AboutRequest): HowSent => ({
  requestTimeout: requestTimeoutMs + Math.ceil((bytes / slowestBytesPerSecond) * 1_000),
  ...(signal && { abortSignal: signal }),
});

const isExpired = ({ code }: Seen): boolean => /^(?:ExpiredToken(?:Exception)?|TokenRefreshRequired)$/.test(code);

/** Answers of servers that don't know the checksums which the client has sent since 2025. */
const isStumble = ({ code, status, words }: Seen): boolean =>
  status === 501 ||
  status === 411 ||
  (status === 400 && /checksum|x-amz-sdk|aws-chunked|trailer/i.test(`${code} ${words}`));

/**
 * A line that stands still for `requestTimeoutMs` is given up (`socketTimeout`, in both directions), and so is a request that takes longer
 * than its bytes can explain. By itself the client would only warn of that.
 */
const clientSettings = (settings: S3Settings) => ({
  region: settings.region,
  forcePathStyle: settings.forcePathStyle,
  ...(settings.endpoint !== null && { endpoint: settings.endpoint }),
  maxAttempts: attemptsWithin(settings.retryForMs),
  // What is read back is compared with our own SHA-256; on the fly the client would look at parts of it at most.
  responseChecksumValidation:
    settings.checksums === "required" ? ("WHEN_SUPPORTED" as const) : ("WHEN_REQUIRED" as const),
  requestHandler: {
    connectionTimeout: settings.connectionTimeoutMs,
    requestTimeout: settings.requestTimeoutMs,
    socketTimeout: settings.requestTimeoutMs,
    throwOnRequestTimeout: true,
    httpAgent: agent,
    httpsAgent: agent,
  },
});

const agent = { keepAlive: true, maxSockets: 32 } as const;

/** The client's own tries, which end within seconds: the long breath is the caller's. Its pauses double from 0.1 s. */
const attemptsWithin = (retryForMs: number): number =>
  Math.min(8, Math.max(2, 1 + Math.floor(Math.log2(Math.max(1, retryForMs / 400)))));

interface Renewable {
  readonly now: () => Promise<S3Credentials>;
  renew(): void;
}

/**
 * The client keeps what it was told for as long as that says; so it is told that each answer is old already, and asks for every request.
 * The answers are kept here, until they expire or the server says that they have.
 */
const renewable = (load: () => Promise<S3Credentials>): Renewable => {
  let kept: Promise<S3Credentials> | null = null;
  const current = async (): Promise<S3Credentials> => {
    kept ??= load();
    try {
      const found = await kept;
      if (found.expiration === undefined || found.expiration.getTime() - soonMs > systemClock.now().epochMilliseconds)
        return found;
    } catch (error) {
      kept = null;
      throw error;
    }
    kept = load();
    return await kept;
  };
  return {
    now: async () => ({ ...(await current()), expiration: longAgo }),
    renew: () => {
      kept = null;
    },
  };
};

const soonMs = 5 * 60_000;
const longAgo = new Date(0);

/** The settings' own, or what the SDK finds: environment, profile, role of the machine. It looks anew each time it is asked. */
const chainOf = (settings: S3Settings) => async (): Promise<S3Credentials> => {
  if (settings.credentials !== null) {
    const { sessionToken, ...keys } = settings.credentials;
    return { ...keys, ...(sessionToken !== null && { sessionToken }) };
  }
  const finder = new S3Client({ region: settings.region });
  try {
    return await finder.config.credentials();
  } finally {
    finder.destroy();
  }
};
