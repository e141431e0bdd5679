import { expect, test } from "vitest";
import { s3Fault } from "#bucket/s3-faults.ts";
import { Fault } from "#model/fault.ts";

const asked = { bucket: "archives", key: "bi/a.bak" };

/** An error as the client throws it. */
const clientError = (code: string, status: number | null, message = "its own words") =>
  Object.assign(new Error(message), {
    ...(status === null ? { code } : { name: code, $metadata: { httpStatusCode: status } }),
  });

test.each([
  ["NoSuchBucket", 404, "never", "doesn't exist"],
  ["InvalidAccessKeyId", 403, "never", "credentials"],
  ["SignatureDoesNotMatch", 403, "never", "credentials"],
  ["ExpiredToken", 400, "never", "have expired"],
  ["AccessDenied", 403, "never", "refuses access"],
  ["Unknown", 403, "never", "refuses access"],
  ["PermanentRedirect", 301, "never", "another region"],
  ["RequestTimeTooSkewed", 403, "never", "15 minutes apart"],
  ["CredentialsProviderError", null, "never", "no credentials"],
  ["CERT_HAS_EXPIRED", null, "never", "isn't trusted"],
  ["NotImplemented", 501, "never", "can't do"],
  ["InvalidObjectState", 403, "never", "can be read at once"],
  ["QuotaExceeded", 403, "never", "no room"],
  ["InvalidArgument", 400, "never", "refused the request"],
  ["SlowDown", 503, "later", "can't answer now"],
  ["InternalError", 500, "later", "can't answer now"],
  ["TooManyRequests", 429, "later", "can't answer now"],
  ["RequestTimeout", 400, "later", "can't answer now"],
  ["SyntaxError", 200, "later", "can't answer now"],
  ["BadDigest", 400, "later", "arrived damaged"],
  ["XAmzContentSHA256Mismatch", 400, "later", "arrived damaged"],
  ["ECONNRESET", null, "later", "can't be reached"],
  ["ENOTFOUND", null, "later", "can't be reached"],
] as const)("%s (%s) may be tried again: %s; it “%s”", (...[code, status, retry, words]) => {
  const fault = s3Fault(clientError(code, status), asked);
  expect(fault).toMatchObject({ code: "bucket.io", retry });
  expect(fault.message).toContain(words);
  expect(fault.message).toContain("archives");
  expect(fault.hint).not.toBe("");
});

test("a fault stays what it is", () => {
  const own = new Fault("bucket.exists", "It is there.", { hint: "look" });
  expect(s3Fault(own, asked)).toBe(own);
});
