import { createHash } from "node:crypto";
import { partsOf } from "#bucket/folder-disk.ts";
import type { S3Door } from "#bucket/s3-door.ts";
import type { S3Settings } from "#model/backup.ts";
import { later, type Temporal } from "#model/time.ts";

/** How the server is to encrypt what it gets. */
export const encryptionFields = ({ encryption }: S3Settings) => {
  if (encryption === null) return {};
  if (encryption.kind === "s3") return { ServerSideEncryption: "AES256" } as const;
  return { ServerSideEncryption: "aws:kms", SSEKMSKeyId: encryption.keyId } as const;
};

/** Storage class and lock of an archive. Manifests have neither: they are small, and written anew when something is learned. */
export const archiveFields = (settings: S3Settings, now: Temporal.Instant) => ({
  ...(settings.storageClass !== null && { StorageClass: settings.storageClass as "STANDARD" }),
  ...lockFields(settings, now),
});

interface LockFields {
  readonly ObjectLockMode?: "GOVERNANCE" | "COMPLIANCE";
  readonly ObjectLockRetainUntilDate?: Date;
}

/** The lock of an archive that is made now; nothing where none is wanted. */
export const lockFields = ({ lock }: S3Settings, now: Temporal.Instant): LockFields =>
  lock === null
    ? {}
    : {
        ObjectLockMode: lock.mode === "compliance" ? "COMPLIANCE" : "GOVERNANCE",
        ObjectLockRetainUntilDate: new Date(later(now, lock.days * dayMs).epochMilliseconds),
      };

const dayMs = 86_400_000;

/** Amazon checks the checksums that the client sends. Others may ignore them; over https only MD5, which all have known for ever, tells them of damage. */
export const contentMd5 = (door: S3Door, bytes: Uint8Array) => {
  const isChecked = door.settings.endpoint === null && door.sendsChecksums();
  const isSigned = door.settings.endpoint?.startsWith("http:") && door.settings.lock === null;
  return isChecked || isSigned ? {} : { ContentMD5: createHash("md5").update(bytes).digest("base64") };
};

/** Throws `bucket.io` for a key that could be read as something else on its way. */
export const safeKey = (key: string): void => {
  partsOf(key);
};
