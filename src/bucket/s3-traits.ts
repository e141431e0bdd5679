import {
  GetBucketLifecycleConfigurationCommand,
  GetBucketVersioningCommand,
  GetObjectLockConfigurationCommand,
  HeadBucketCommand,
  type LifecycleRule,
} from "@aws-sdk/client-s3";
import type { BucketTraits } from "#bucket/port.ts";
import type { S3Door } from "#bucket/s3-door.ts";
import { see } from "#bucket/s3-faults.ts";
import { instantOf, type Temporal } from "#model/time.ts";

/** What a bucket is like. Throws where it can't be reached at all; what it may not say is `null`. */
export const traitsOf = async (door: S3Door): Promise<BucketTraits> => {
  const now = await serverTime(door);
  const [versioned, objectLock, endsUploadsAfterDays] = await Promise.all([
    isVersioned(door),
    hasLock(door),
    endsUploads(door),
  ]);
  return { now, versioned, objectLock, endsUploadsAfterDays };
};

/** By the answer's own date: the client corrects its clock by it without a word. */
const serverTime = (door: S3Door): Promise<Temporal.Instant | null> =>
  door.send(async (client, how) => {
    const command = new HeadBucketCommand({ Bucket: door.bucket });
    let date: string | undefined;
    command.middlewareStack.add(
      (next) => async (args) => {
        const result = await next(args);
        date = (result.response as { readonly headers?: Readonly<Record<string, string>> }).headers?.["date"];
        return result;
      },
      { step: "deserialize", name: "dateOfAnswer", priority: "low" },
    );
    await client.send(command, how).catch((error: unknown) => {
      if (see(error).status === 404) throw Object.assign(new Error("no such bucket"), { Code: "NoSuchBucket" });
      throw error;
    });
    const epochMs = Date.parse(date ?? "");
    return Number.isNaN(epochMs) ? null : instantOf(epochMs);
  });

/** `otherwise` where the answer is that there is no such thing, `null` where the server won't say. */
const asked = async <T>(ask: Promise<T>, otherwise: T): Promise<T | null> => {
  try {
    return await ask;
  } catch (error) {
    const { status } = see((error as { readonly cause?: unknown }).cause);
    if (status === 404 || status === 501 || status === 405) return otherwise;
    if (status === 400 || status === 401 || status === 403) return null;
    throw error;
  }
};

const isVersioned = (door: S3Door): Promise<boolean | null> =>
  asked(
    door.send(async (client, how) => {
      const { Status } = await client.send(new GetBucketVersioningCommand({ Bucket: door.bucket }), how);
      return Status === "Enabled";
    }),
    false,
  );

const hasLock = (door: S3Door): Promise<boolean | null> =>
  asked(
    door.send(async (client, how) => {
      const found = await client.send(new GetObjectLockConfigurationCommand({ Bucket: door.bucket }), how);
      return found.ObjectLockConfiguration?.ObjectLockEnabled === "Enabled";
    }),
    false,
  );

const endsUploads = (door: S3Door): Promise<number | null> =>
  asked<number | null>(
    door.send(async (client, how) => {
      const asking = new GetBucketLifecycleConfigurationCommand({ Bucket: door.bucket });
      const { Rules = [] } = await client.send(asking, how);
      const days = Rules.flatMap(daysOf);
      return days.length === 0 ? null : Math.min(...days);
    }),
    null,
  );

/** Of rules that hold for the whole bucket: who says that one for a part of it is for ours? */
const daysOf = (rule: LifecycleRule): readonly number[] => {
  const days = rule.AbortIncompleteMultipartUpload?.DaysAfterInitiation;
  const isForAll =
    (rule.Filter?.Prefix ?? rule.Prefix ?? "") === "" && rule.Filter?.And === undefined && !rule.Filter?.Tag;
  return rule.Status === "Enabled" && isForAll && days !== undefined ? [days] : [];
};
