import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { type SummaryParts, tellOwner } from "#compose/summarize.ts";
import { openTemplates } from "#compose/templates.ts";
import { Fault } from "#model/fault.ts";
import { Temporal } from "#model/time.ts";
import type { Pool } from "#store/pool.ts";
import { untoldSlots } from "#store/slots.ts";
import { freshDatabase } from "../support/database.ts";
import { reportNamed } from "../support/reports.ts";

const now = Temporal.Instant.from("2026-11-20T06:10:00Z");
const templates = openTemplates(fileURLToPath(new URL("../../templates/mail", import.meta.url)));

const closedSlot = async (pool: Pool): Promise<void> => {
  await pool.query("insert into report_versions values ('v', 'sales', '{}', $1)", [now]);
  await pool.query(
    `with who as (insert into recipients (key, email) values ('a', 'a@example.com') returning id),
       slot as (insert into slots (report, version, schedule, zone, nominal, due, expires_at, state)
         values ('sales', 'v', 'x', 'UTC', $1, $1, $2, 'closed') returning id)
     insert into deliveries (slot_id, occasion, report, version, recipient_id, recipient_name, envelope, filters, filters_key,
       formats, locale, zone, nominal, expires_at, trial, state)
     select slot.id, 'slot:1', 'sales', 'v', who.id, 'a', '{}', '"all"', '', '{png}', 'en', 'UTC', $1, $2, false, 'sent'
     from who, slot`,
    [now, now.add({ hours: 12 })],
  );
};

const lived = async (retry: Fault["retry"], at = now): Promise<{ readonly posts: number; readonly untold: number }> => {
  await using database = await freshDatabase();
  const { pool } = database;
  await closedSlot(pool);
  let posts = 0;
  const parts: SummaryParts = {
    ...{ pool, clock: { now: () => at }, templates, mail: { from: "bi@example.com" } },
    operators: ["ops@example.com"],
    isChosenSkip: () => false,
    post: async () => {
      posts += 1;
      throw new Fault("send.unknown", "the connection ended", { hint: "look", retry });
    },
  };
  const known = {
    report: { ...reportNamed("sales"), owner: "owner@example.com" },
    version: "v",
    mode: "live",
  } as const;
  for (let round = 0; round < 3; round += 1) {
    for (const slot of await untoldSlots(pool)) await expect(tellOwner(slot, known, parts)).rejects.toThrow("ended");
  }
  return { posts, untold: (await untoldSlots(pool)).length };
};

test.each(["unknown", "never"] as const)(
  "an owner whose summary may have been taken, or is refused for good, is not told again at every round (%s)",
  async (retry) => {
    expect(await lived(retry)).toEqual({ posts: 1, untold: 0 });
  },
);

test("a summary that can't be sent for now is sent later, but not for ever", async () => {
  expect(await lived("later")).toEqual({ posts: 3, untold: 1 });
  expect(await lived("later", now.add({ hours: 25 }))).toEqual({ posts: 1, untold: 0 });
});
