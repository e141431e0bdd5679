import { ListBucketsCommand } from "@aws-sdk/client-s3";
import { expect, test } from "vitest";
import { describeS3 } from "../support/s3.ts";

await describeS3("the S3 server of the tests", (s3) => {
  test("has a bucket that was just made", async () => {
    const bucket = await s3.freshBucket();
    const { Buckets = [] } = await s3.client.send(new ListBucketsCommand());
    expect(Buckets.map(({ Name }) => Name)).toContain(bucket);
  });
});
