/** A place for tests of sending over real rows: deliveries that are written, without a browser or a report server. */
import { createHash } from "node:crypto";
import type { Bucket } from "#bucket/port.ts";
import { storedMessage } from "#compose/mime.ts";
import type { Delivery } from "#model/delivery.ts";
import type { StoredMessage } from "#model/message.ts";
import { later, type Temporal } from "#model/time.ts";
import { passAll } from "#runtime/point.ts";
import type { Mailer } from "#send/port.ts";
import { type PostParts, postNext } from "#send/run.ts";
import { deliveryById, listDeliveries } from "#store/deliveries.ts";
import { readInstallation } from "#store/installation.ts";
import type { Pool } from "#store/pool.ts";
import { type RunningClock, runningClock } from "./clock.ts";
import { freshDatabase } from "./database.ts";
import { type KeptLog, keptLog } from "./kept-log.ts";

/** Written deliveries and what posts them. */
export interface Posting extends AsyncDisposable {
  readonly pool: Pool;
  readonly clock: RunningClock;
  readonly log: KeptLog;
  readonly parts: PostParts;
  readonly slotId: string;
  /** Puts a written delivery to `name@example.com`; its id. */
  compose(name: string): Promise<string>;
  /** The message as it is stored. */
  message(id: string): StoredMessage;
  delivery(id: string): Promise<Delivery>;
  all(): Promise<readonly Delivery[]>;
  /** Sends all that is due, by so many at a time. */
  postAll(atOnce?: number): Promise<void>;
}

const from = "BI Team <bi@example.com>";

/** Opens a place whose live mail leaves by `mailer`. */
export const openPosting = async (
  mailer: Mailer,
  more: Partial<Pick<PostParts, "whenUncertain" | "sendAttempts">> = {},
): Promise<Posting> => {
  const database = await freshDatabase();
  const { pool } = database;
  const clock = runningClock();
  const log = keptLog();
  const files = new Map<string, StoredMessage>();
  const now = clock.now();
  await pool.query("insert into report_versions values ('v', 'sales', '{}', $1)", [now]);
  await pool.query("insert into reports (name, version, mode, mode_since) values ('sales', 'v', 'live', $1)", [now]);
  const { rows } = await pool.query(
    `insert into slots (report, version, schedule, zone, nominal, due, expires_at, state)
      values ('sales', 'v', 'daily', 'UTC', $1, $1, $2, 'planned') returning id`,
    [now, later(now, 12 * 3_600_000)],
  );
  const slotId = String(rows[0]?.["id"]);
  const { id: installation } = await readInstallation(pool);
  const parts: PostParts = {
    ...{ pool, clock, log, passPoint: passAll, mailer: mailer.name, emailsPerMinute: null },
    ...{ sendAttempts: 8, whenUncertain: "ask", ...more },
    artifacts: { get: async (path: string) => files.get(path)?.bytes ?? null } as Bucket,
    installation: () => installation,
    look: async () => ({ verdict: "still" }),
    mailerFor: () => mailer,
  };
  const ask = () => ({ owner: "test", leaseMs: 10_000, occasion: null, now: clock.now() });
  const sendAll = async (): Promise<void> => {
    while (await postNext(ask(), parts, new AbortController().signal));
  };
  return {
    ...{ pool, clock, log, parts, slotId },
    compose: (name) => composed(pool, { name, slotId, files, now }),
    message: (id) => {
      const found = files.get(id);
      if (found === undefined) throw new Error(`no message ${id}`);
      return found;
    },
    delivery: async (id) => {
      const found = await deliveryById(pool, id);
      if (found === null) throw new Error(`no delivery ${id}`);
      return found;
    },
    all: () => listDeliveries(pool, { report: null, state: null, occasion: null, slotId: null, limit: 10_000 }),
    postAll: async (atOnce = 4) => void (await Promise.all(Array.from({ length: atOnce }, sendAll))),
    [Symbol.asyncDispose]: async () => {
      await mailer.close();
      await database[Symbol.asyncDispose]();
    },
  };
};

interface Composing {
  readonly name: string;
  readonly slotId: string;
  readonly files: Map<string, StoredMessage>;
  readonly now: Temporal.Instant;
}

const composed = async (pool: Pool, { name, slotId, files, now }: Composing): Promise<string> => {
  const to = `${name}@example.com`;
  const { rows } = await pool.query(
    `with who as (insert into recipients (key, email) values ($1::text, $2::text) returning id)
     insert into deliveries (slot_id, occasion, report, version, recipient_id, recipient_name, envelope, filters, filters_key, formats,
       locale, zone, nominal, expires_at, trial, state)
     select $5::bigint, 'slot:' || $5::bigint, 'sales', 'v', id, $1::text, jsonb_build_object('to', $2::text, 'toName', null, 'cc', '[]'::jsonb, 'bcc', '[]'::jsonb),
       '"all"', '', '{png}', 'en', 'UTC', $3::timestamptz, $4::timestamptz, false, 'planned' from who returning id`,
    [name, to, now, later(now, 12 * 3_600_000), slotId],
  );
  const id = String(rows[0]?.["id"]);
  const messageId = `<${id}.test@example.com>`;
  const headers = { "X-Daybreak-Delivery": id, "X-Daybreak-Report": "sales" };
  const nothing = { cc: [], bcc: [], replyTo: null, inline: [], attachments: [] };
  const letter = {
    ...nothing,
    messageId,
    from,
    to,
    subject: `Sales for ${name}`,
    text: `Good morning ${name}\n`,
    html: "",
    headers,
  };
  const message = await storedMessage(letter, { deliveryId: id, date: now });
  const sha256 = createHash("sha256").update(message.bytes).digest("hex");
  const size = message.bytes.byteLength;
  await pool.query(
    `insert into messages (delivery_id, message_id, sender, recipients, subject, path, sha256, bytes) values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [id, messageId, message.from, [to], message.subject, id, sha256, size],
  );
  files.set(id, message);
  for (const state of ["drawn", "proven", "composed"])
    await pool.query("update deliveries set state = $2 where id = $1", [id, state]);
  return id;
};
