import { rm } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openApp } from "#app.ts";
import { allRoles, openMorning, untilAll } from "../support/morning.ts";
import { emailsIn } from "../support/outbox.ts";
import { startSink } from "../support/sink.ts";

const people = "email,name,region\nanna@example.com,Anna Berger,North\nben@example.com,Ben Carter,North\n";
const addresses = ["anna@example.com", "ben@example.com"];

test("a report in trial reaches nobody: its emails lie in the outbox although there is a mail server", async () => {
  await using sink = await startSink();
  await using morning = await openMorning({
    people,
    live: false,
    config: { mail: { from: "bi@example.com", via: sink.url } },
  });
  await morning.live();
  expect(sink.messages).toEqual([]);
  const emails = await emailsIn(join(morning.dir, "home", "outbox"));
  expect(emails.flatMap(({ to }) => to).toSorted()).toEqual(addresses);
  for (const { text } of emails) expect(text).toContain("Trial");
});

test("what is written and not sent before it expires is never sent", async () => {
  await using sink = await startSink();
  await using morning = await openMorning({
    people,
    report: { expires: "2h" },
    config: { mail: { from: "bi@example.com", via: sink.url } },
  });
  await morning.makeDue();
  const writing = morning.begin(["tick", "render", "write"]);
  await untilAll(morning, "composed");
  await writing.stop();
  morning.clock.move(2 * 3_600_000 + 1);
  const work = morning.begin();
  await morning.closed();
  await work.stop();
  expect(sink.messages).toEqual([]);
  expect((await morning.deliveries()).map(({ state }) => state)).toEqual(["expired", "expired"]);
});

test("a written email whose file is gone fails alone, and the others go out", async () => {
  await using morning = await openMorning({ people });
  await morning.makeDue();
  const writing = morning.begin(["tick", "render", "write"]);
  await untilAll(morning, "composed");
  await writing.stop();
  const [row] = (await morning.pool.query("select path from messages order by delivery_id limit 1")).rows;
  await rm(join(morning.dir, "home", "artifacts", String(row?.["path"])));
  // Who has just written it doesn't need the file; another process does.
  await using other = await openApp(await morning.config(), { log: morning.log, clock: morning.clock });
  const work = other.work({ roles: allRoles, occasion: null });
  await morning.closed();
  await work.stop();
  expect((await morning.emails()).flatMap(({ to }) => to)).toEqual(["ben@example.com"]);
  expect((await morning.deliveries()).map(({ state }) => state)).toEqual(["failed", "sent"]);
});
