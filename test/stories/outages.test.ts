import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Delivery } from "#model/delivery.ts";
import { startSampleServer } from "../../demo/server/server.ts";
import { lineOfRow, linesOf } from "../support/ledger.ts";
import { type Morning, openMorning, usualDay } from "../support/morning.ts";
import { fileWith, rowsOf } from "../support/outbox.ts";

const regions = ["North", "South", "East", "West", "Alpine & Lakes", "日本"];
const people = ["email,name,region", ...regions.map((region, n) => `p${n}@example.com,Person ${n},${region}`)].join(
  "\n",
);

/** Judges the folder: each has exactly one email, with the own rows. */
const judge = async (what: string, morning: Morning): Promise<void> => {
  const emails = await morning.emails();
  const counts = regions.map((_, n) => emails.filter(({ to }) => to.includes(`p${n}@example.com`)).length);
  const foreign = emails.filter((email) => {
    const region = regions[Number(/p(\d)@/.exec(email.to[0] ?? "")?.[1])] ?? "";
    const rows = rowsOf(fileWith(email, "csv").bytes).map(lineOfRow).sort();
    return JSON.stringify(rows) !== JSON.stringify(linesOf(usualDay, { Region: [region] }));
  });
  console.log(
    `${what}: foreign / lost / duplicates / N: ${foreign.length} / ${counts.filter((n) => n === 0).length} / ${counts.filter((n) => n > 1).length} / ${regions.length}`,
  );
  expect(foreign.map(({ to }) => to)).toEqual([]);
  expect(counts).toEqual(regions.map(() => 1));
};

/** The process of the database that a morning brought along. */
const postmasterOf = async ({ dir }: Morning): Promise<number> => {
  const folder = join(dir, "home", "postgres");
  const file = (await readdir(folder, { recursive: true })).find((name) => name.endsWith("postmaster.pid"));
  return Number((await readFile(join(folder, file ?? ""), "utf8")).split("\n")[0]);
};

const states = (deliveries: readonly Delivery[]) => deliveries.map(({ state, reason }) => [state, reason]);

test("a report server that is away at the start and again in the middle is waited for, however often it is asked", async () => {
  // A view that stood open when the server went is a try like any other; asking in vain is none, and that happens more often here.
  await using morning = await openMorning({ people, limits: { renderAttempts: 3 } });
  const { log, sample } = morning;
  const port = Number(new URL(sample.url).port);
  await sample[Symbol.asyncDispose]();
  await morning.makeDue();
  const away = () =>
    log.next("render.set-back", ({ error }) => /did not answer|ERR_CONNECTION|unreachable/.test(JSON.stringify(error)));
  const first = away();
  const work = morning.begin();
  await first;
  {
    await using back = await startSampleServer({ port, today: usualDay });
    expect(back.url).toBe(sample.url);
    const drawn = log.next("render.ready");
    morning.clock.move(60_000);
    await drawn;
  }
  for (let more = 0; more < 4; more += 1) {
    const again = away();
    morning.clock.move(60_000);
    await again;
  }
  await using _back = await startSampleServer({ port, today: usualDay });
  const step = setInterval(() => morning.clock.move(10_000), 1_000);
  await morning.closed().finally(() => clearInterval(step));
  await work.stop();
  expect(states(await morning.deliveries())).toEqual(regions.map(() => ["sent", null]));
  await judge("report server away", morning);
});

test("a database whose connections all break, again and again, costs nobody the email and gives nobody two", async () => {
  await using morning = await openMorning({ people, limits: { leaseMs: 5_000 } });
  const { log, pool } = morning;
  const cut = () =>
    pool.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'daybreak'",
    );
  await morning.makeDue();
  const work = morning.begin();
  for (const event of [
    "render.ready",
    "delivery.proof",
    "delivery.composed",
    "delivery.sent",
    "render.ready",
    "delivery.composed",
    "delivery.sent",
  ]) {
    await log.next(event);
    await cut();
  }
  await morning.closed();
  await work.stop();
  await judge("connections broken 7 times", morning);
});

test("the own database, killed in the middle, comes back and the morning goes on", async () => {
  await using morning = await openMorning({ people, embedded: true });
  await morning.makeDue();
  const work = morning.begin();
  await morning.log.next("render.ready");
  process.kill(await postmasterOf(morning), "SIGKILL");
  await morning.closed();
  await work.stop();
  await judge("own database killed", morning);
});
