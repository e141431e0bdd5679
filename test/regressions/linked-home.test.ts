import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { folderBucket } from "#bucket/folder.ts";
import { silentLog } from "#runtime/log.ts";
import { folderMailer } from "#send/mailers/folder.ts";
import { startEmbedded } from "#store/embedded.ts";

const place = async (): Promise<string> => {
  const dir = await mkdtemp(join(tmpdir(), "daybreak-linked-"));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
};

test("a home that is a link to another disk is the same home: two processes by its two names share one database", {
  timeout: 60_000,
}, async () => {
  const dir = await place();
  await mkdir(join(dir, "disk"));
  await symlink(join(dir, "disk"), join(dir, "home"));
  await using direct = await startEmbedded({ dir: join(dir, "disk", "postgres"), log: silentLog, fast: true });
  await using linked = await startEmbedded({ dir: join(dir, "home", "postgres"), log: silentLog, fast: true });
  expect(linked.url).toBe(direct.url);
});

test("a link among the drawn files leads nobody out of their folder, and is written through by nobody", async () => {
  const dir = await place();
  const bucket = folderBucket({ dir: join(dir, "artifacts") });
  await bucket.put("a/one.png", new Uint8Array([1]));
  await writeFile(join(dir, "elsewhere"), "mine");
  await symlink(join(dir, "elsewhere"), join(dir, "artifacts", "a", "two.png"));
  await bucket.put("a/two.png", new Uint8Array([2]));
  expect([...((await bucket.get("a/two.png")) ?? [])]).toEqual([2]);
  expect(await folderOf(dir)).toEqual({ elsewhere: "mine" });
});

test("a link in the outbox is replaced by the email, not followed", async () => {
  const dir = await place();
  const outbox = join(dir, "outbox");
  const mailer = folderMailer({ dir: outbox });
  const message = {
    deliveryId: "7",
    messageId: "<7@daybreak.example.com>",
    from: "bi@example.com",
    recipients: ["anna@example.com"],
    subject: "Sales",
    bytes: new TextEncoder().encode("Subject: Sales\r\n\r\nOne.\r\n"),
  };
  await mailer.send(message, AbortSignal.timeout(5_000));
  const [name = ""] = await readdir(outbox);
  await rm(join(outbox, name));
  await writeFile(join(dir, "elsewhere"), "mine");
  await symlink(join(dir, "elsewhere"), join(outbox, name));
  await mailer.send(message, AbortSignal.timeout(5_000)).catch(() => null);
  expect(await folderOf(dir)).toEqual({ elsewhere: "mine" });
});

const folderOf = async (dir: string): Promise<unknown> => ({
  elsewhere: await readFile(join(dir, "elsewhere"), "utf8"),
});
