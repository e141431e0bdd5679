import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import type { Bucket } from "#bucket/port.ts";
import { openDrawn } from "#compose/drawn.ts";

test("of two who read a file at once each one's bytes are compared, not only those of the first", async () => {
  const own = Buffer.from("own figures");
  const answers = [Promise.withResolvers<Uint8Array>(), Promise.withResolvers<Uint8Array>()];
  let reads = 0;
  const bucket = { get: async () => answers[reads++]?.promise ?? null } as Partial<Bucket> as Bucket;
  const drawn = openDrawn(bucket);
  const file = { path: "one", sha256: createHash("sha256").update(own).digest("hex") };
  const [first, second] = [drawn.read(file), drawn.read(file)];
  answers[0]?.resolve(own);
  expect(await first).toEqual(own);
  answers[1]?.resolve(Buffer.from("somebody else's"));
  expect(await second).toBeNull();
  expect(await drawn.read(file)).toEqual(own);
});
