import { expect, test } from "vitest";
import { addressBook, isListed, isMetadataName } from "#render/page/address.ts";

const book = addressBook();

test.each([
  ["169.254.169.254", "never"],
  ["169.254.0.1", "never"],
  ["fe80::1", "never"],
  ["fe80::1%eth0", "never"],
  ["[fd00:ec2::254]", "never"],
  ["100.100.100.200", "never"],
  ["168.63.129.16", "never"],
  ["::ffff:169.254.169.254", "never"],
  ["[::ffff:a9fe:a9fe]", "never"],
  ["64:ff9b::a9fe:a9fe", "never"],
  ["2002:a9fe:a9fe::1", "never"],
  ["127.0.0.1", "private"],
  ["10.1.2.3", "private"],
  ["192.168.1.1", "private"],
  ["::1", "private"],
  ["fc00::1", "private"],
  ["93.184.216.34", "public"],
  ["2606:2800:220:1::1", "public"],
  ["bi.example.com", "public"],
])("%s is %s", (address, kind) => {
  expect(book.kindOf(address)).toBe(kind);
});

test("other ways of writing the metadata address come out as the same one", () => {
  for (const address of [
    "http://2852039166/",
    "http://0xa9fea9fe/",
    "http://0251.0376.0251.0376/",
    "http://169.254.43518/",
  ]) {
    expect(book.kindOf(new URL(address).hostname)).toBe("never");
  }
});

test("metadata names are known with and without a dot at their end", () => {
  expect(["metadata.google.internal", "METADATA.google.internal.", "instance-data"].map(isMetadataName)).toEqual([
    true,
    true,
    true,
  ]);
  expect(isMetadataName("metadata.example.com")).toBe(false);
});

test.each([
  ["https://bi.example.com/x", ["bi.example.com"], true],
  ["https://BI.example.com/x", ["bi.Example.com"], true],
  ["https://bi.example.com:8443/x", ["bi.example.com"], false],
  ["https://bi.example.com:8443/x", ["bi.example.com:8443"], true],
  ["https://bi.example.com.evil.com/x", ["bi.example.com"], false],
  ["https://evilbi.example.com/x", ["bi.example.com"], false],
  ["https://a.b.example.com/x", ["*.example.com"], true],
  ["https://example.com/x", ["*.example.com"], false],
  ["https://bi.example.com@evil.com/x", ["bi.example.com"], false],
])("%s among %j: %s", (address, hosts, listed) => {
  expect(isListed(new URL(address), hosts)).toBe(listed);
});
