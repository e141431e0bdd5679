import type { ArchiveBucket } from "#bucket/port.ts";
import { openDoor, type S3Ask } from "#bucket/s3-door.ts";
import { s3Listing, s3Objects } from "#bucket/s3-objects.ts";
import { removeMany } from "#bucket/s3-removals.ts";
import { traitsOf } from "#bucket/s3-traits.ts";
import { s3Uploads } from "#bucket/s3-uploads.ts";
import { type Clock, systemClock } from "#runtime/clock.ts";

/** A bucket for archives on S3, or on a server that speaks it. Keys start at the bucket's root; nothing is asked before the first use. */
export const s3Archives = (ask: S3Ask, clock: Clock = systemClock): ArchiveBucket => {
  const door = openDoor(ask);
  return {
    name: `s3://${ask.bucket}`,
    ...s3Objects(door),
    ...s3Listing(door),
    ...s3Uploads(door, clock),
    removeMany: (keys) => removeMany(door, clock, keys),
    traits: () => traitsOf(door),
    close: () => Promise.resolve(door.close()),
  };
};
