import { mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { Temporal } from "#model/time.ts";
import { folderMailer } from "#send/mailers/folder.ts";
import { removeOldFiles, removePutDown } from "#send/mailers/folder-files.ts";

const outbox = async (): Promise<string> => {
  const dir = await mkdtemp(join(tmpdir(), "daybreak-outbox-"));
  onTestFinished(() => rm(dir, { recursive: true }));
  return dir;
};

const put = (dir: string, deliveryId: string, messageId: string) => {
  const text = `Date: Fri, 20 Nov 2026 06:00:00 +0000\r\nMessage-ID: ${messageId}\r\nX-Daybreak-Report: sales\r\n\r\nHello\r\n`;
  const message = { deliveryId, messageId, from: "bi@example.com", recipients: ["anna@example.com"], subject: "x" };
  const bytes = new TextEncoder().encode(text);
  return folderMailer({ dir }).send({ ...message, bytes }, AbortSignal.timeout(5_000));
};

test("emails that were put down are found by their delivery and Message-ID; another installation's of the same number stays", async () => {
  const dir = await outbox();
  await put(dir, "7", "<7.aaaa@example.com>");
  await put(dir, "17", "<17.aaaa@example.com>");
  await put(dir, "8", "<8.bbbb@example.com>");
  await writeFile(join(dir, "notes_7.eml.txt"), "<7.aaaa@example.com>");
  const mine = [
    { deliveryId: "7", messageId: "<7.aaaa@example.com>" },
    { deliveryId: "8", messageId: "<8.aaaa@example.com>" },
  ];
  expect(await removePutDown(dir, mine)).toBe(1);
  expect((await readdir(dir)).sort()).toEqual([
    "2026-11-20_sales_anna@example.com_17.eml",
    "2026-11-20_sales_anna@example.com_8.eml",
    "notes_7.eml.txt",
  ]);
  expect(await removePutDown(join(dir, "nowhere"), mine)).toBe(0);
});

test("old emails go, newer ones and other files stay", async () => {
  const dir = await outbox();
  await put(dir, "1", "<1@example.com>");
  await put(dir, "2", "<2@example.com>");
  await writeFile(join(dir, "notes.txt"), "");
  for (const name of ["2026-11-20_sales_anna@example.com_1.eml", "notes.txt"]) {
    await utimes(join(dir, name), new Date(0), new Date(0));
  }
  expect(await removeOldFiles(dir, Temporal.Instant.from("2026-01-01T00:00:00Z"))).toBe(1);
  expect((await readdir(dir)).sort()).toEqual(["2026-11-20_sales_anna@example.com_2.eml", "notes.txt"]);
});
