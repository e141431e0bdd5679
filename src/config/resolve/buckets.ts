import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Path } from "#config/document.ts";
import { type Found, variableOf } from "#config/environment.ts";
import type { Context } from "#config/resolve/context.ts";
import { expand } from "#config/resolve/reference.ts";
import { plainBucket } from "#config/schema/backup.ts";
import type { WrittenBucket } from "#config/schema.ts";
import type { BackupPlace, S3Settings } from "#model/backup.ts";

type Credentials = S3Settings["credentials"];

const words = ["ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN"] as const;

/** Names of the variables that a bucket's credentials may stand in: its own, then all buckets', then Amazon's usual ones. */
const credentialNames = (name: string): readonly (readonly string[])[] => [
  words.map((word) => variableOf(name, word)),
  words.map((word) => `DAYBREAK_S3_${word}`),
  words.map((word) => `AWS_${word}`),
];

/** `null`: the client looks for a profile or the machine's role by itself. */
const credentialsOf = (name: string, path: Path, context: Context): Credentials => {
  const sets = credentialNames(name).map((names) => names.map((each) => context.environment.find(each)));
  const at = sets.findIndex(([id, secret]) => id !== null || secret !== null);
  if (at === -1) return null;
  const [id = null, secret = null, token = null]: readonly (Found | null)[] = sets[at] ?? [];
  const names = credentialNames(name)[at] ?? [];
  for (const [place, found] of [id, secret, token].entries())
    if (found !== null) context.used([...path, ["accessKeyId", "secretAccessKey", "sessionToken"][place] ?? ""], found);
  if (id === null || secret === null) {
    const [there, missing] = id === null ? [names[1], names[0]] : [names[0], names[1]];
    context.note(path, `has ${there} but no ${missing}; set both in the environment or in .env`, "key");
    return null;
  }
  return { accessKeyId: id.value, secretAccessKey: secret.value, sessionToken: token?.value ?? null };
};

const endpointOf = ({ endpoint }: WrittenBucket, path: Path, context: Context): string | null => {
  if (endpoint === undefined) return null;
  const expanded = expand(endpoint, [...path, "endpoint"], context);
  if (expanded === null) return null;
  const url = URL.canParse(expanded) ? new URL(expanded) : null;
  if (url !== null && /^https?:$/.test(url.protocol) && url.hostname !== "") return expanded.replace(/\/+$/, "");
  context.note([...path, "endpoint"], "must be a web address; write it whole, such as https://s3.example.com");
  return null;
};

const encryptionOf = ({ encryption }: WrittenBucket, path: Path, { note }: Context): S3Settings["encryption"] => {
  if (encryption === undefined) return null;
  if (encryption === "s3") return { kind: "s3" };
  if (encryption.kms !== undefined) return { kind: "kms", keyId: encryption.kms };
  note([...path, "encryption", "kms"], "is missing; write the key, or encryption: s3", "missing");
  return null;
};

const lockOf = ({ lock }: WrittenBucket, path: Path, { note }: Context): S3Settings["lock"] => {
  if (lock === undefined) return null;
  if (lock.days === undefined)
    note([...path, "lock", "days"], "is missing; write how long, such as days: 14", "missing");
  return { mode: lock.mode, days: lock.days ?? 1 };
};

const regionOf = ({ region }: WrittenBucket, path: Path, context: Context): string => {
  if (region !== undefined) return region;
  const found = context.environment.find("AWS_REGION") ?? context.environment.find("AWS_DEFAULT_REGION");
  if (found !== null) context.used([...path, "region"], found);
  return found?.value ?? "us-east-1";
};

/** From these storage classes nothing can be read without hours of thawing, so no archive could be verified. */
const frozen = ["GLACIER", "DEEP_ARCHIVE"];

const storageClassOf = ({ storageClass }: WrittenBucket, path: Path, { note }: Context): string | null => {
  if (storageClass !== undefined && frozen.includes(storageClass.toUpperCase())) {
    const remedy = "write GLACIER_IR or STANDARD_IA, and let a rule of the bucket move old ones";
    note([...path, "storageClass"], `can't be read back, so nothing could be verified; ${remedy}`);
  }
  return storageClass ?? null;
};

const settingsOf = (name: string, context: Context): { readonly bucket: string; readonly settings: S3Settings } => {
  const written = context.written.buckets[name] ?? plainBucket();
  const path = ["buckets", name];
  const endpoint = endpointOf(written, path, context);
  const settings: S3Settings = {
    endpoint,
    region: regionOf(written, path, context),
    credentials: credentialsOf(name, path, context),
    forcePathStyle: written.pathStyle ?? endpoint !== null,
    checksums: written.checksums,
    storageClass: storageClassOf(written, path, context),
    encryption: encryptionOf(written, path, context),
    lock: lockOf(written, path, context),
    connectionTimeoutMs: written.connectionTimeoutMs,
    requestTimeoutMs: written.requestTimeoutMs,
    retryForMs: written.retryFor,
  };
  return { bucket: written.bucket ?? name, settings };
};

/** Judges every bucket of the file, also one that nothing goes to. */
export const judgeBuckets = (context: Context): void => {
  for (const name of Object.keys(context.written.buckets)) settingsOf(name, context);
};

/** Parts that a folder or a server would take for something else, and signs that not every S3 server keeps. */
const isBadPart = (part: string): boolean => /^\.{0,2}$/.test(part) || /[\\\p{Cc}?#*]/u.test(part);

const prefixOf = (written: string, path: Path, { note }: Context): string | null => {
  const prefix = written.replace(/^\/|\/$/g, "").normalize("NFC");
  if (prefix === "") return "";
  const wrong = prefix.split("/").find(isBadPart);
  if (wrong === undefined && Buffer.byteLength(prefix) <= 700) return prefix;
  const what = wrong === undefined ? "is too long a path" : `has the part “${wrong}” in its path`;
  note(path, `${what}; write s3://bucket/path, with plain names between single slashes`);
  return null;
};

const amazonName = /^[a-z0-9](?:[a-z0-9.-]{1,61})[a-z0-9]$/;
const otherName = /^[A-Za-z0-9][A-Za-z0-9._-]{1,254}$/;

const inBucket = (name: string, written: string, { path, context }: Asked): BackupPlace | null => {
  const { bucket, settings } = settingsOf(name, context);
  const prefix = prefixOf(written, path, context);
  const isName = (settings.endpoint === null ? amazonName : otherName).test(bucket);
  if (!isName)
    context.note(path, `names no bucket; “${bucket}” must be 3 to 63 small letters, digits, dots and hyphens`);
  return prefix === null || !isName ? null : { kind: "s3", bucket, prefix, settings };
};

interface Asked {
  readonly path: Path;
  readonly context: Context;
}

const folderAt = (written: string, { dir }: Context): string =>
  /^file:\/\//i.test(written) ? fileURLToPath(written) : resolve(dir, written.replace(/^file:/i, ""));

/** `s3://bucket/path` or `file:FOLDER` → place; `null` with a mistake noted. Relative folders start at the file's. */
export const placeOf = (written: string, asked: Asked): BackupPlace | null => {
  const { path, context } = asked;
  const expanded = expand(written, path, context);
  if (expanded === null) return null;
  const [, bucket, prefix = ""] = /^s3:\/\/([^/]+)(?:\/(.*))?$/is.exec(expanded) ?? [];
  if (bucket !== undefined) return inBucket(bucket, prefix, asked);
  if (/^file:(?:\/\/\/|(?!\/\/).)/i.test(expanded)) return { kind: "folder", dir: folderAt(expanded, context) };
  context.note(path, "must say where it lies; write s3://bucket/path or file:FOLDER");
  return null;
};
