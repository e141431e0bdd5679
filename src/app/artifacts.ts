import { openBucket } from "#app/buckets.ts";
import { folderBucket } from "#bucket/folder.ts";
import type { Bucket } from "#bucket/port.ts";
import type { ArtifactsConfig } from "#config/config.ts";

/** Opens the place of drawn files and stored emails; what it opens is closed by `stack`. */
export const openArtifacts = ({ place }: Pick<ArtifactsConfig, "place">, stack: AsyncDisposableStack): Bucket => {
  if (place.kind === "folder") return folderBucket({ dir: place.dir });
  const bucket = openBucket(place);
  stack.defer(() => bucket.close());
  return place.prefix === "" ? bucket : below(bucket, `${place.prefix}/`);
};

/** The part of a bucket below a path. */
const below = (bucket: Bucket, start: string): Bucket => ({
  name: bucket.name,
  put: (key, bytes) => bucket.put(start + key, bytes),
  get: (key) => bucket.get(start + key),
  remove: (key) => bucket.remove(start + key),
  list: async (prefix) => (await bucket.list(start + prefix)).map((key) => key.slice(start.length)),
});
