import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import type { Bucket } from "#bucket/port.ts";
import { Temporal } from "#model/time.ts";
import { passAll } from "#runtime/point.ts";
import type { Mailer } from "#send/port.ts";
import { type PostParts, postNext } from "#send/run.ts";
import { deliveryById } from "#store/deliveries.ts";
import { readInstallation } from "#store/installation.ts";
import { messageOf } from "#store/messages.ts";
import type { Pool } from "#store/pool.ts";
import { freshDatabase } from "../support/database.ts";
import { keptLog } from "../support/kept-log.ts";

const now = Temporal.Instant.from("2026-11-20T06:00:00Z");
const written = new TextEncoder().encode("Subject: hello\r\n\r\nhello");

/** A composed delivery whose message is recorded under `path`. */
const composed = async (pool: Pool, key: string, path: string): Promise<string> => {
  const { rows } = await pool.query(
    `with who as (insert into recipients (key, email) values ($1, $1 || '@example.com') returning id)
     insert into deliveries (occasion, report, version, recipient_id, recipient_name, envelope, filters, filters_key, formats,
       locale, zone, nominal, expires_at, trial, state)
     select 'request:1', 'sales', 'v', id, $1, '{}', '"all"', '', '{png}', 'en', 'UTC', $2, $3, false, 'composed' from who returning id`,
    [key, now, now.add({ hours: 1 })],
  );
  const id = String(rows[0]?.["id"]);
  const sha256 = createHash("sha256").update(written).digest("hex");
  await pool.query(
    `insert into messages (delivery_id, message_id, sender, recipients, subject, path, sha256, bytes)
     values ($1, $2, 'bi@example.com', '{a@example.com}', 'hello', $3, $4, 24)`,
    [id, `<${id}@example.com>`, path, sha256],
  );
  return id;
};

const mailerThatKeeps = (sent: string[]): Mailer => ({
  name: "kept",
  send: async ({ deliveryId }) => {
    sent.push(deliveryId);
    return { words: "taken", accepted: [], rejected: [] };
  },
  confirm: async () => "cannot-say",
  verify: async () => {},
  close: async () => {},
});

const shared = { passPoint: passAll, mailer: "smtp", emailsPerMinute: null };

test("an email whose file is lost or cut fails alone, and those behind it go out", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  await pool.query("insert into report_versions values ('v', 'sales', '{}', $1)", [now]);
  const { id: ours } = await readInstallation(pool);
  const lost = await composed(pool, "a", "lost.eml");
  const cut = await composed(pool, "b", "cut.eml");
  const whole = await composed(pool, "c", "whole.eml");
  const files: Readonly<Record<string, Uint8Array>> = { "cut.eml": written.subarray(0, 9), "whole.eml": written };
  const artifacts = { get: async (path: string) => files[path] ?? null } as Bucket;
  const sent: string[] = [];
  const parts: PostParts = {
    ...{ pool, artifacts, log: keptLog(), clock: { now: () => now }, sendAttempts: 3, whenUncertain: "ask" },
    installation: () => ours,
    ...shared,
    look: async () => ({ verdict: "still" }),
    mailerFor: () => mailerThatKeeps(sent),
  };
  const ask = { owner: "test", leaseMs: 1_000, occasion: null, now };
  while (await postNext(ask, parts, new AbortController().signal));
  expect(sent).toEqual([whole]);
  for (const id of [lost, cut]) {
    expect(await deliveryById(pool, id)).toMatchObject({ state: "failed", reason: expect.stringMatching(/retry/) });
    expect(await messageOf(pool, id)).toBeNull();
  }
});

test("a delivery over which the last look stumbles keeps nobody behind it from an email", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  await pool.query("insert into report_versions values ('v', 'sales', '{}', $1)", [now]);
  const { id: ours } = await readInstallation(pool);
  const odd = await composed(pool, "a", "a.eml");
  const next = await composed(pool, "b", "b.eml");
  const sent: string[] = [];
  const parts: PostParts = {
    ...{
      pool,
      log: keptLog(),
      clock: { now: () => now },
      sendAttempts: 3,
      whenUncertain: "ask",
      mailerFor: () => mailerThatKeeps(sent),
    },
    ...shared,
    artifacts: { get: async () => written } as unknown as Bucket,
    installation: () => ours,
    look: async (_, { id }) => {
      if (id === odd) throw new Error("odd row");
      return { verdict: "still" };
    },
  };
  const ask = { owner: "test", leaseMs: 1_000, occasion: null, now };
  await expect(postNext(ask, parts, new AbortController().signal)).rejects.toThrow("odd row");
  while (await postNext(ask, parts, new AbortController().signal));
  expect(sent).toEqual([next]);
});
