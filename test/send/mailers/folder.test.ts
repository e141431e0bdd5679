import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { StoredMessage } from "#model/message.ts";
import { folderMailer } from "#send/mailers/folder.ts";

const calm = new AbortController().signal;

const open = async () => {
  const dir = await mkdtemp(join(tmpdir(), "daybreak-outbox-"));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return { dir, mailer: folderMailer({ dir }) };
};

const message = (more: Partial<StoredMessage> = {}): StoredMessage => ({
  deliveryId: "0197-d1",
  messageId: "<0197-d1@example.com>",
  from: "reports@example.com",
  recipients: ["anna@example.com"],
  subject: "Daily Sales",
  bytes: Buffer.from(
    "Date: Thu, 19 Nov 2026 06:00:00 +0000\r\nX-Daybreak-Report: daily-sales\r\nSubject: x\r\n\r\nDate: no\r\n",
  ),
  ...more,
});

test("names the file by date, report, recipient and delivery", async () => {
  const { dir, mailer } = await open();
  const receipt = await mailer.send(message(), calm);
  expect(await readdir(dir)).toEqual(["2026-11-19_daily-sales_anna@example.com_0197-d1.eml"]);
  expect(receipt.words).toContain("0197-d1.eml");
});

test("keeps the file from everybody else", async () => {
  const { dir, mailer } = await open();
  await mailer.send(message(), calm);
  const [file = ""] = await readdir(dir);
  expect((await stat(join(dir, file))).mode & 0o777).toBe(0o600);
});

test("leaves one file when the same delivery is sent twice, with what was sent last", async () => {
  const { dir, mailer } = await open();
  await mailer.send(message(), calm);
  await mailer.send(message(), calm);
  expect(await readdir(dir)).toHaveLength(1);
});

test.each([["../../etc/passwd"], ["a/b\\c\u0000d\ne@example.com"], ["x".repeat(1_000)], [".hidden"], ["..."]])(
  "stays inside the folder and below the name limit for the recipient %j",
  async (recipient) => {
    const { dir, mailer } = await open();
    await mailer.send(message({ recipients: [recipient] }), calm);
    const files = await readdir(dir);
    expect(files).toHaveLength(1);
    expect(Buffer.byteLength(files[0] ?? "")).toBeLessThan(255);
    expect(files[0]).not.toMatch(/^\.|\.\.|[/\\]/);
    expect(await mailer.confirm(message())).toBe(true);
  },
);

test("does not take the end of another delivery's id for its own", async () => {
  const { mailer } = await open();
  await mailer.send(message({ deliveryId: "1-22" }), calm);
  expect(await mailer.confirm(message({ deliveryId: "22" }))).toBe(false);
});

test("takes no half-written file for a sent one", async () => {
  const { dir, mailer } = await open();
  await writeFile(join(dir, ".0123456789abcdef.part"), "half");
  expect(await mailer.confirm(message())).toBe(false);
  await mailer.send(message(), calm);
  const file = (await readdir(dir)).find((name) => name.endsWith(".eml")) ?? "";
  expect(await readFile(join(dir, file))).toEqual(Buffer.from(message().bytes));
});

test("says that nothing was sent when the folder was never made", async () => {
  const { dir } = await open();
  expect(await folderMailer({ dir: join(dir, "later") }).confirm(message())).toBe(false);
});
